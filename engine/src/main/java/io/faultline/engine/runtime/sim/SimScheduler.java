package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs engine tasks one at a time, in an order that is a function of the seed and the strategy.
 *
 * <p>Tasks are virtual threads whose continuations come here. A task gives up the processor at a
 * {@link YieldPoint}, when it parks, and at its end. Then the actor system's tasks run, first in,
 * first out, until there are none (they are no choice points), and one of the runnable engine tasks
 * is chosen. When nothing can run, virtual time moves to the next timer. When there is none either,
 * the run fails and says where every task waits.
 *
 * <p>A run fails also when a task or timer throws, when a thread that is not the scheduler's hands
 * in work, when a task parks with a timeout of the real clock, cannot be switched at a yield point
 * because a native frame pins it, and at the step limit. Blocking on a contended monitor counts as
 * foreign work, because the JVM resumes such threads from one of its own: hold no monitor at a
 * yield point, use {@code java.util.concurrent.locks}.
 *
 * <p>A run ends when all clients have ended. Tasks that are left then are unwound: interrupted, and
 * thrown out of the next yield point they pass.
 *
 * <p>Confined to the thread that created it, and to the one task that thread runs at a time. One
 * scheduler at a time is current in a JVM: the newest that has not ended.
 */
public final class SimScheduler {
  private static final long STEPS_MAX_DEFAULT = 2_000_000;
  private static final long LANE_TASKS_MAX = 1_000_000;
  private static final int TRACE_TAIL = 80;
  private static final long UNWIND_STEPS_MAX = 100_000;
  private static final int ABANDON_MAX = 100;

  private static volatile @Nullable SimScheduler current;

  private final long seed;
  private final Chooser chooser;
  private final TurnLog turns;
  private final RunFailure failure = new RunFailure();
  private final ReadyTasks ready;
  private final VirtualTime time = new VirtualTime();
  private final SimTrace trace = new SimTrace();
  private final Thread driver = Thread.currentThread();

  private final Set<SimTask> alive = new LinkedHashSet<>();
  private final Map<String, Integer> names = new HashMap<>();
  private final List<SimTask> startAtRun = new ArrayList<>();
  private final List<Body> endChecks = new ArrayList<>();
  private final List<Runnable> cleanUps = new ArrayList<>();

  private @Nullable SimTask running;
  private @Nullable SimTask lastRun;
  private volatile @Nullable String foreign;
  private long steps;
  private long stepsMax = STEPS_MAX_DEFAULT;
  private long switches;
  private int clientsLeft;
  private boolean ended;
  private boolean unwinding;

  /** What a client does; anything it throws fails the run. */
  @FunctionalInterface
  public interface Body {
    /**
     * Runs once.
     *
     * @throws Exception fails the run
     */
    void run() throws Exception;
  }

  /**
   * A scheduler with nothing to run yet; it becomes the current one.
   *
   * @param seed decides every choice of the random strategies
   * @param strategy how to choose
   * @throws IllegalStateException when this JVM does not simulate
   */
  public SimScheduler(long seed, Strategy strategy) {
    if (!Yield.SIMULATION) {
      throw new IllegalStateException("simulation needs -Dfaultline.simulation=true");
    }
    this.seed = seed;
    this.chooser = new Chooser(seed, strategy);
    this.turns = new TurnLog(strategy);
    this.ready = new ReadyTasks(chooser, turns, failure);
    current = this;
  }

  /**
   * The scheduler actor tasks and timers go to.
   *
   * @return the newest that has not ended, or null
   */
  public static @Nullable SimScheduler current() {
    return current;
  }

  /**
   * Adds a client; the run ends when all clients have.
   *
   * @param name for the trace; made unique by a number when it is taken
   * @param body what it does
   * @return this
   */
  public SimScheduler client(String name, Body body) {
    SimTask task = create(name, true, body);
    clientsLeft++;
    if (switches == 0) {
      startAtRun.add(task);
    } else {
      task.thread.start();
    }
    return this;
  }

  /**
   * Adds a check made after the last client has ended, on the scheduler's thread: it must not wait.
   *
   * @param check fails the run by throwing
   * @return this
   */
  public SimScheduler atEnd(Body check) {
    endChecks.add(check);
    return this;
  }

  /**
   * Adds what gives back things that outlive a run, such as actors; runs on the scheduler's thread
   * once all tasks are unwound, whether the run failed or not. It must neither wait nor throw.
   *
   * @param cleanUp gives back
   * @return this
   */
  public SimScheduler afterwards(Runnable cleanUp) {
    cleanUps.add(cleanUp);
    return this;
  }

  /**
   * Replaces the limit on steps, the guard against runs that never end.
   *
   * @param limit task switches allowed
   * @return this
   */
  public SimScheduler stepsMax(long limit) {
    stepsMax = limit;
    return this;
  }

  /**
   * Starts a task that the end of the run does not wait for.
   *
   * @param name for the trace
   * @param body what it does
   */
  public void fork(String name, Runnable body) {
    create(name, false, body::run).thread.start();
  }

  /**
   * What the actor system runs on.
   *
   * @return {@link AkkaLane#executor}
   */
  public Executor akkaExecutor() {
    return AkkaLane.executor();
  }

  /**
   * Calls {@code action} on the scheduler's thread when virtual time has come; it must not wait.
   *
   * @param delayNanos virtual nanoseconds from now
   * @param action usually starts a task
   * @return cancels it
   */
  public EngineRuntime.Timer schedule(long delayNanos, Runnable action) {
    return time.schedule(delayNanos, action, admits("timer"));
  }

  /**
   * Virtual time.
   *
   * @return nanoseconds since the run began
   */
  public long nanoTime() {
    return time.nanoTime();
  }

  /**
   * Yield points passed so far: the only clock by which progress can be bounded.
   *
   * @return their number
   */
  public long steps() {
    return steps;
  }

  /**
   * Whether a task that is about to park does so before anybody else is chosen. On unless switched
   * off, which gives more schedules and, as tests show, the same verdicts. A schedule belongs to
   * the setting under which it was made.
   *
   * @param on whether parking is left out of the choices
   * @return this
   */
  public SimScheduler parkingIsNoChoice(boolean on) {
    ready.parkingIsNoChoice(on);
    return this;
  }

  /**
   * Alternatives that {@link #parkingIsNoChoice} has left out.
   *
   * @return their number so far
   */
  public long pruned() {
    return ready.pruned();
  }

  /**
   * Switches choices off or on again. While they are off the running task goes on, then whoever has
   * been ready longest, other clients last, and nothing is recorded: for set-up, checks and those
   * parts of a client which an exploration would otherwise permute at the cost of what matters.
   * Tasks only.
   *
   * @param on whether there are no choices from here on
   */
  public void quiet(boolean on) {
    ready.quiet(on, running);
  }

  /**
   * Runs to the end.
   *
   * @throws SimulationFailure when the run failed
   */
  public void run() {
    Check.that(Thread.currentThread() == driver, "a run belongs to the thread that prepared it");
    Check.that(!ended && current == this, "a scheduler runs once, before the next one is created");
    Yield.install(
        new Yield.Sink() {
          @Override
          public void at(YieldPoint point, long ino, long arg) {
            pass(point, ino, arg);
          }

          @Override
          public void note(StateChange change, long ino, long arg) {
            tell(change, ino, arg);
          }

          @Override
          public void silent() {
            declareSilent();
          }
        });
    try {
      startAtRun.forEach(task -> task.thread.start());
      while (failure.cause() == null && step()) {
        // step does it all
      }
      for (Body check : endChecks) {
        if (failure.cause() == null) {
          check.run();
        }
      }
    } catch (Exception | Error thrown) {
      failure.fail("the end check failed: " + thrown, thrown);
    } finally {
      end();
    }
    if (failure.cause() != null) {
      throw new SimulationFailure(
          failure.text(), failure.cause(), seed, schedule().toString(), trace.text(TRACE_TAIL));
    }
  }

  /**
   * The choices made, so far or altogether.
   *
   * @return replayable by {@link Strategy.Replay}
   */
  public Schedule schedule() {
    return new Schedule(ready.choices().stream().map(Choice::chosen).toList());
  }

  /**
   * The choices with what they were made among.
   *
   * @return in order
   */
  public List<Choice> choices() {
    return List.copyOf(ready.choices());
  }

  /**
   * The yield points passed, of the newest 2^20 entries of the trace.
   *
   * @return in order
   */
  public List<TraceStep> traceSteps() {
    return trace.steps();
  }

  /**
   * The state changes told, of the newest 2^20 entries of the trace.
   *
   * @return in order
   */
  public List<TraceNote> traceNotes() {
    return trace.notes();
  }

  /**
   * Entries of the trace so far: where on the axis of {@link TraceStep#step} the run is.
   *
   * @return the number of the next entry
   */
  public long traceLength() {
    return trace.count();
  }

  /**
   * Keeps the turns of the run, so that another one can follow it. Off unless switched on, since an
   * exploration makes millions.
   *
   * @return this
   */
  public SimScheduler keepTurns() {
    turns.keep();
    return this;
  }

  /**
   * The turns made while choices were on, if they were {@linkplain #keepTurns kept}.
   *
   * @return in order
   */
  public List<Turn> turns() {
    return turns.turns();
  }

  /**
   * How far a run that {@linkplain Strategy.Follow follows} another has come.
   *
   * @return turns of the reference that were taken; 0 if it follows nothing
   */
  public int followed() {
    return turns.followed();
  }

  /**
   * Where a run that {@linkplain Strategy.Follow follows} another could not.
   *
   * @return the first such place; empty if it followed to the end, or follows nothing
   */
  public Optional<Divergence> divergence() {
    return turns.divergence();
  }

  /**
   * The trace as text.
   *
   * @return one line per yield point passed and per state change
   */
  public String trace() {
    return trace.text(Long.MAX_VALUE);
  }

  /** Does one thing; false when the run is over. */
  private boolean step() {
    if (AkkaLane.pump(LANE_TASKS_MAX) == LANE_TASKS_MAX) {
      failure.fail(
          "the actors keep each other busy: " + LANE_TASKS_MAX + " tasks in one step", null);
      return false;
    }
    String intruder = foreign;
    if (intruder != null) {
      failure.fail(intruder, null);
      return false;
    }
    if (failure.cause() != null || clientsLeft == 0) {
      return false;
    }
    if (ready.isEmpty()) {
      if (time.advance(failure)) {
        return true;
      }
      failure.fail("deadlock: every task waits and there is no timer\n" + whereabouts(), null);
      return false;
    }
    if (++switches > stepsMax) {
      failure.fail("no end after " + stepsMax + " switches\n" + whereabouts(), null);
      return false;
    }
    resume(ready.next(lastRun, alive, trace.count(), switches));
    return true;
  }

  private void resume(SimTask task) {
    Runnable continuation = task.resumes(trace.count());
    lastRun = task;
    running = task;
    continuation.run();
    running = null;
    turns.ended(task, trace.count());
    boolean parked = !task.finished && task.continuation == null;
    if (parked && task.thread.getState() == Thread.State.TIMED_WAITING) {
      failure.fail("a park with a timeout of the real clock\n" + task.whereabouts(), null);
    }
  }

  private SimTask create(String name, boolean client, Body body) {
    int taken = names.merge(name, 1, Integer::sum);
    String unique = taken == 1 ? name : name + "#" + taken;
    SimTask[] self = new SimTask[1];
    SimTask task =
        new SimTask(
            unique, client, chooser.priority(), this::submitted, () -> runBody(self[0], body));
    self[0] = task;
    alive.add(task);
    return task;
  }

  private void runBody(SimTask task, Body body) {
    try {
      body.run();
    } catch (SimTask.Abandoned over) {
      Check.that(unwinding, "task '%s' was abandoned while the run goes on", task.name);
    } catch (Exception | Error thrown) {
      failure.fail("'" + task.name + "' failed: " + thrown, thrown);
    } finally {
      task.finished = true;
      alive.remove(task);
      if (task.client) {
        clientsLeft--;
      }
    }
  }

  private void submitted(SimTask task, Runnable continuation) {
    // Looking at the stack of a task that is ready makes the JVM submit it a second time.
    if (admits(task) && task.continuation == null) {
      task.continuation = continuation;
      ready.add(task);
    }
  }

  /**
   * Whether the calling thread is part of the simulation; if not, the run will fail.
   *
   * @param what is handed in: put into words only then, since this is asked at every switch
   */
  boolean admits(Object what) {
    Thread caller = Thread.currentThread();
    SimTask task = running;
    if (caller == driver || (task != null && task.thread == caller)) {
      return true;
    }
    if (foreign == null) {
      foreign = what + " was submitted by the foreign thread '" + caller.getName() + "'";
    }
    return false;
  }

  /** The sink of {@link Yield}. */
  @SuppressWarnings("ThreadPriorityCheck") // the thread scheduler that is relied on is this one
  private void pass(YieldPoint point, long ino, long arg) {
    Thread caller = Thread.currentThread();
    SimTask task = running;
    if (caller == driver) {
      record("actor", point, ino, arg);
      if (point.waiting()) {
        throw new EngineFailure("an actor turn or end check would wait at " + point);
      }
      return;
    }
    if (task == null || task.thread != caller) {
      if (foreign == null) {
        foreign = point + " was passed by the foreign thread '" + caller.getName() + "'";
      }
      return;
    }
    if (unwinding) {
      abandon(task);
    }
    record(task.name, point, ino, arg);
    task.at(point, ino, arg);
    if (point.waiting()) {
      chooser.falls(task);
    }
    long before = switches;
    Thread.yield();
    if (before == switches && !unwinding) {
      throw new EngineFailure("task '" + task.name + "' is pinned at " + point);
    }
    if (unwinding) {
      abandon(task);
    }
  }

  /** Throws the task out; one that keeps catching that is left parked instead of looping here. */
  private static void abandon(SimTask task) {
    if (task.abandoned++ < ABANDON_MAX) {
      throw new SimTask.Abandoned();
    }
    while (true) {
      LockSupport.park();
    }
  }

  private void record(String task, YieldPoint point, long ino, long arg) {
    steps++;
    trace.add(task, point, ino, arg);
  }

  private void declareSilent() {
    SimTask task = running;
    if (task != null && task.thread == Thread.currentThread()) {
      Check.that(
          trace.count() == task.traceAtResume,
          "'%s' changed something in a step that it calls silent, behind %s",
          task.name,
          String.valueOf(task.point));
      if (task.choiceAtResume >= 0) {
        ready.silent(task.choiceAtResume);
      }
    }
  }

  /** The other half of the sink. */
  private void tell(StateChange change, long ino, long arg) {
    SimTask task = running;
    if (!unwinding) {
      trace.add(
          task != null && task.thread == Thread.currentThread() ? task.name : "actor",
          change,
          ino,
          arg);
    }
  }

  /** Unwinds what is left, so that thousands of runs do not leave thousands of parked threads. */
  private void end() {
    ended = true;
    unwinding = true;
    failure.close();
    List<SimTask> left = List.copyOf(alive);
    left.forEach(task -> task.thread.interrupt());
    unwind();
    // What they let go of may be what the last tasks wait for.
    cleanUps.forEach(Runnable::run);
    unwind();
    time.end();
    Yield.install(null);
    if (current == this) {
      current = null;
    }
  }

  private void unwind() {
    for (long i = 0; i < UNWIND_STEPS_MAX; i++) {
      if (!ready.isEmpty()) {
        switches++;
        resume(ready.removeFirst());
      } else if (AkkaLane.pump(1) == 0) {
        return;
      }
    }
  }

  private String whereabouts() {
    StringBuilder text = new StringBuilder();
    alive.forEach(task -> text.append(task.whereabouts()));
    return text.toString();
  }
}
