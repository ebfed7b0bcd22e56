package io.faultline.engine.runtime.sim;

import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.StateChange;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
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
  private final Strategy strategy;
  private final SplittableRandom random;
  private final Set<Long> priorityChanges = new LinkedHashSet<>();
  private final Thread driver = Thread.currentThread();

  private final List<SimTask> ready = new ArrayList<>();
  private final Set<SimTask> alive = new LinkedHashSet<>();
  private final Map<String, Integer> names = new HashMap<>();
  private final List<SimTask> startAtRun = new ArrayList<>();
  private final List<Body> endChecks = new ArrayList<>();
  private final List<Runnable> cleanUps = new ArrayList<>();
  private final PriorityQueue<PendingTimer> timers =
      new PriorityQueue<>(
          Comparator.comparingLong(PendingTimer::deadline).thenComparingLong(t -> t.order));
  private final List<Choice> choices = new ArrayList<>();
  private final SimTrace trace = new SimTrace();
  private final List<Turn> turns = new ArrayList<>();
  private @Nullable Follower follower;
  private boolean turnsKept;
  private boolean turnCounts;

  private @Nullable SimTask running;
  private @Nullable SimTask lastRun;
  private volatile @Nullable String foreign;
  private @Nullable Throwable failure;
  private String failureText = "";
  private long steps;
  private long stepsMax = STEPS_MAX_DEFAULT;
  private long switches;
  private long nowNanos;
  private long timerOrder;
  private long lowestPriority;
  private int clientsLeft;
  private boolean ended;
  private boolean unwinding;
  private boolean parkingIsNoChoice = true;
  private long pruned;
  private boolean quiet;
  private @Nullable SimTask speaker;

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
   * One choice that was made.
   *
   * @param runnable how many tasks could run, at least 2
   * @param chosen which did
   * @param preemptible whether task 0 was running and could have gone on
   * @param silent whether it did, and its step up to the next yield point was {@link Yield#silent}
   */
  public record Choice(int runnable, int chosen, boolean preemptible, boolean silent) {
    int cost(int option) {
      return preemptible && option != 0 ? 1 : 0;
    }

    Choice silently() {
      return new Choice(runnable, chosen, preemptible, preemptible && chosen == 0);
    }
  }

  private static final class PendingTimer implements EngineRuntime.Timer {
    private final long deadline;
    private final long order;
    private final Runnable action;
    private boolean cancelled;

    PendingTimer(long deadline, long order, Runnable action) {
      this.deadline = deadline;
      this.order = order;
      this.action = action;
    }

    long deadline() {
      return deadline;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
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
    this.strategy = strategy;
    this.random = new SplittableRandom(seed);
    if (strategy instanceof Strategy.Priorities priorities) {
      for (int i = 0; i < priorities.changes(); i++) {
        priorityChanges.add(random.nextLong(1, priorities.expectedSteps() + 1L));
      }
    }
    if (strategy instanceof Strategy.Follow follow) {
      follower = new Follower(follow.reference());
    }
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
    long deadline = Math.addExact(nowNanos, Math.max(0, delayNanos));
    PendingTimer timer = new PendingTimer(deadline, timerOrder++, action);
    if (admits("timer")) {
      timers.add(timer);
    }
    return timer;
  }

  /**
   * Virtual time.
   *
   * @return nanoseconds since the run began
   */
  public long nanoTime() {
    return nowNanos;
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
    parkingIsNoChoice = on;
    return this;
  }

  /**
   * Alternatives that {@link #parkingIsNoChoice} has left out.
   *
   * @return their number so far
   */
  public long pruned() {
    return pruned;
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
    quiet = on;
    speaker = on ? running : null;
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
      while (failure == null && step()) {
        // step does it all
      }
      for (Body check : endChecks) {
        if (failure == null) {
          check.run();
        }
      }
    } catch (Exception | Error thrown) {
      fail("the end check failed: " + thrown, thrown);
    } finally {
      end();
    }
    if (failure != null) {
      throw new SimulationFailure(failureText, failure, seed, schedule().toString(), traceTail());
    }
  }

  /**
   * The choices made, so far or altogether.
   *
   * @return replayable by {@link Strategy.Replay}
   */
  public Schedule schedule() {
    return new Schedule(choices.stream().map(Choice::chosen).toList());
  }

  /**
   * The choices with what they were made among.
   *
   * @return in order
   */
  public List<Choice> choices() {
    return List.copyOf(choices);
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
    turnsKept = true;
    return this;
  }

  /**
   * The turns made while choices were on, if they were {@linkplain #keepTurns kept}.
   *
   * @return in order
   */
  public List<Turn> turns() {
    return List.copyOf(turns);
  }

  /**
   * How far a run that {@linkplain Strategy.Follow follows} another has come.
   *
   * @return turns of the reference that were taken; 0 if it follows nothing
   */
  public int followed() {
    return follower == null ? 0 : follower.followed();
  }

  /**
   * Where a run that {@linkplain Strategy.Follow follows} another could not.
   *
   * @return the first such place; empty if it followed to the end, or follows nothing
   */
  public Optional<Divergence> divergence() {
    return Optional.ofNullable(follower).flatMap(Follower::divergence);
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
      fail("the actors keep each other busy: " + LANE_TASKS_MAX + " tasks in one step", null);
      return false;
    }
    String intruder = foreign;
    if (intruder != null) {
      fail(intruder, null);
      return false;
    }
    if (failure != null || clientsLeft == 0) {
      return false;
    }
    if (ready.isEmpty()) {
      if (fireTimers()) {
        return true;
      }
      fail("deadlock: every task waits and there is no timer\n" + whereabouts(), null);
      return false;
    }
    if (++switches > stepsMax) {
      fail("no end after " + stepsMax + " switches\n" + whereabouts(), null);
      return false;
    }
    resume(choose());
    return true;
  }

  private boolean fireTimers() {
    PendingTimer next = timers.poll();
    while (next != null && next.cancelled) {
      next = timers.poll();
    }
    if (next == null) {
      return false;
    }
    nowNanos = Math.max(nowNanos, next.deadline);
    while (next != null && next.deadline <= nowNanos) {
      timers.remove(next);
      if (!next.cancelled) {
        try {
          next.action.run();
        } catch (RuntimeException thrown) {
          fail("a timer failed: " + thrown, thrown);
        }
      }
      next = timers.peek();
    }
    return true;
  }

  /** Removes and returns the task that goes next. */
  private SimTask choose() {
    SimTask last = lastRun;
    turnCounts = false;
    if (parkingIsNoChoice && last != null && last.aboutToPark && ready.remove(last)) {
      // Nobody has run since it looked whether it has to wait: parking is all it can do, and does
      // not change what anybody sees. Waking it before or after that is the same.
      last.aboutToPark = false;
      pruned += ready.size();
      return last;
    }
    boolean preemptible = last != null && last.preempted && ready.remove(last);
    if (preemptible && last != null) {
      ready.addFirst(last);
    }
    int count = ready.size();
    if (quiet) {
      return chooseQuietly();
    }
    turnCounts = turnsKept || follower != null;
    // Also when there is no choice: a task that waits where the reference goes on is what it finds.
    int followed = follower == null ? 0 : follower.choose(ready, alive, trace.count());
    if (count == 1) {
      return ready.removeFirst();
    }
    int chosen =
        switch (strategy) {
          case Strategy.Follow ignored -> followed;
          case Strategy.Random ignored -> random.nextInt(count);
          case Strategy.Priorities ignored -> highestPriority();
          case Strategy.Replay replay -> {
            List<Integer> given = replay.schedule().choices();
            yield choices.size() < given.size() ? given.get(choices.size()) : 0;
          }
        };
    if (chosen >= count) {
      String misfit =
          "choice " + chosen + " of " + count + " tasks: not a schedule of this program";
      fail(misfit, new Schedule.MisfitException(misfit));
      chosen = 0;
    }
    choices.add(new Choice(count, chosen, preemptible, false));
    SimTask next = ready.remove(chosen);
    next.choiceAtResume = choices.size() - 1;
    return next;
  }

  /**
   * The clients that were preempted stay where they are while another one has the word, as long as
   * anybody else can run.
   */
  private SimTask chooseQuietly() {
    for (int i = 0; i < ready.size(); i++) {
      SimTask task = ready.get(i);
      if (!task.client || task == lastRun || task == speaker) {
        return ready.remove(i);
      }
    }
    return ready.removeFirst();
  }

  private int highestPriority() {
    if (lastRun != null && priorityChanges.contains(switches)) {
      lastRun.priority = --lowestPriority;
    }
    int best = 0;
    for (int i = 1; i < ready.size(); i++) {
      if (ready.get(i).priority > ready.get(best).priority) {
        best = i;
      }
    }
    return best;
  }

  private void resume(SimTask task) {
    Runnable continuation = task.continuation;
    if (continuation == null) {
      throw new IllegalStateException("task '" + task.name + "' is ready without a continuation");
    }
    task.continuation = null;
    task.preempted = false;
    task.aboutToPark = false;
    task.atPoint = false;
    task.traceAtResume = trace.count();
    lastRun = task;
    running = task;
    continuation.run();
    running = null;
    if (turnCounts) {
      turnEnded(task);
    }
    boolean parked = !task.finished && task.continuation == null;
    if (parked && task.thread.getState() == Thread.State.TIMED_WAITING) {
      fail("a park with a timeout of the real clock\n" + task.whereabouts(), null);
    }
  }

  private void turnEnded(SimTask task) {
    Turn turn =
        task.atPoint
            ? new Turn(task.name, task.point, task.ino, task.arg, trace.count() - 1)
            : new Turn(task.name, null, 0, 0, trace.count());
    if (turnsKept) {
      turns.add(turn);
    }
    if (follower != null) {
      follower.made(turn);
    }
  }

  private SimTask create(String name, boolean client, Body body) {
    int taken = names.merge(name, 1, Integer::sum);
    String unique = taken == 1 ? name : name + "#" + taken;
    long priority =
        strategy instanceof Strategy.Priorities ? random.nextLong(1, Long.MAX_VALUE) : 0;
    SimTask[] self = new SimTask[1];
    SimTask task =
        new SimTask(unique, client, priority, this::submitted, () -> runBody(self[0], body));
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
      fail("'" + task.name + "' failed: " + thrown, thrown);
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
    if (admits("task '" + task.name + "'") && task.continuation == null) {
      task.continuation = continuation;
      ready.add(task);
    }
  }

  /** Whether the calling thread is part of the simulation; if not, the run will fail. */
  boolean admits(String what) {
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
    task.preempted = !point.waiting();
    task.aboutToPark = parks(point, ino);
    task.choiceAtResume = -1;
    if (point.waiting()) {
      task.priority = --lowestPriority;
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

  /** Whether all that follows this point is a park, or going on if the wait is over by then. */
  private static boolean parks(YieldPoint point, long ino) {
    return switch (point) {
      // Without an inode it is a lock of the library, where the queue's order counts too.
      case LOCK_WAIT -> ino != 0;
      case COMMIT_WAIT, IO_WAIT -> true;
      default -> false;
    };
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
        choices.set(task.choiceAtResume, choices.get(task.choiceAtResume).silently());
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

  private void fail(String text, @Nullable Throwable cause) {
    if (failure == null && !unwinding) {
      failureText = text;
      failure = cause == null ? new EngineFailure(text) : cause;
    }
  }

  /** Unwinds what is left, so that thousands of runs do not leave thousands of parked threads. */
  private void end() {
    ended = true;
    unwinding = true;
    List<SimTask> left = List.copyOf(alive);
    left.forEach(task -> task.thread.interrupt());
    unwind();
    // What they let go of may be what the last tasks wait for.
    cleanUps.forEach(Runnable::run);
    unwind();
    timers.clear();
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

  private String traceTail() {
    return trace.text(TRACE_TAIL);
  }
}
