package io.faultline.soak.race;

import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.sim.Divergence;
import io.faultline.engine.runtime.sim.Schedule;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.engine.runtime.sim.Strategy;
import io.faultline.engine.runtime.sim.TraceNote;
import io.faultline.engine.runtime.sim.TraceStep;
import io.faultline.engine.runtime.sim.Turn;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One run of a scenario: what was done while its clients ran, and how it ended.
 *
 * @param clients names, in the order of the scenario
 * @param steps yield points passed while the clients ran
 * @param notes state changes meanwhile
 * @param turns who went on, in order: what another run can follow
 * @param schedule replays the run
 * @param divergence where a run that follows another could not
 * @param failure why it failed, if it did
 */
public record RaceRun(
    List<String> clients,
    List<TraceStep> steps,
    List<TraceNote> notes,
    List<Turn> turns,
    Schedule schedule,
    Optional<Divergence> divergence,
    Optional<SimulationFailure> failure) {
  /** As the scheduler says it. */
  private static final String DEADLOCK = "deadlock: ";

  private static final Pattern INVARIANT = Pattern.compile("I\\d+ ");

  /** Runs {@code scenario} as it is; mutants are the caller's. */
  static RaceRun play(Scenario scenario, Strategy strategy) {
    return play(scenario, strategy, true);
  }

  /** As {@link #play(Scenario, Strategy)}; {@code reduced} as the schedule's explorer was. */
  static RaceRun play(Scenario scenario, Strategy strategy, boolean reduced) {
    SimScheduler scheduler = new SimScheduler(0, strategy).parkingIsNoChoice(reduced).keepTurns();
    Window window = new Window(scheduler);
    scenario.prepare(scheduler, window);
    SimulationFailure failure = null;
    try {
      scheduler.run();
    } catch (SimulationFailure failed) {
      failure = failed;
    }
    long from = window.from;
    long to = Math.min(window.to, scheduler.traceLength());
    return new RaceRun(
        window.clients,
        scheduler.traceSteps().stream().filter(s -> s.step() >= from && s.step() < to).toList(),
        scheduler.traceNotes().stream().filter(n -> n.step() >= from && n.step() < to).toList(),
        scheduler.turns(),
        scheduler.schedule(),
        scheduler.divergence(),
        Optional.ofNullable(failure));
  }

  /** The violation that failed it, seen by a client or by one of the engine's own checks. */
  public Optional<RaceViolation> violation() {
    return failure.flatMap(RaceRun::violationIn);
  }

  /** The violation behind a failed run, if that is why it failed. */
  static Optional<RaceViolation> violationIn(SimulationFailure failure) {
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof RaceViolation violation) {
        return Optional.of(violation);
      }
      String message = String.valueOf(cause.getMessage());
      if (cause instanceof EngineFailure && INVARIANT.matcher(message).lookingAt()) {
        // The engine's own check of an invariant was faster than the client's look.
        return Optional.of(new RaceViolation("invariant", -1, -1, message, "the invariant"));
      }
      if (cause instanceof EngineFailure && message.startsWith(DEADLOCK)) {
        String first = message.lines().findFirst().orElse(DEADLOCK);
        return Optional.of(new RaceViolation("deadlock", -1, -1, first, "every client returns"));
      }
    }
    return Optional.empty();
  }

  private static final class Window implements Scenario.Curtain {
    private final SimScheduler scheduler;
    private List<String> clients = List.of();
    private long from;
    private long to = Long.MAX_VALUE;

    Window(SimScheduler scheduler) {
      this.scheduler = scheduler;
    }

    @Override
    public void rises(List<String> names) {
      clients = names;
      from = scheduler.traceLength();
    }

    @Override
    public void falls() {
      to = scheduler.traceLength();
    }
  }
}
