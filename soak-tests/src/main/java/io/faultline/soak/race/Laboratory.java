package io.faultline.soak.race;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.Schedule;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.engine.runtime.sim.Strategy;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What can be asked about a race. One question at a time in a JVM, which must simulate and allow
 * mutants.
 */
public final class Laboratory {
  /** The bound on preemptions under which every race of the catalogue shows. */
  public static final int PREEMPTIONS = 2;

  static final long SCHEDULES_MAX = 200_000;

  private Laboratory() {}

  /** How a question was answered. */
  public enum Verdict {
    /** Nothing was violated. */
    HELD,
    /** The violation was observed. */
    VIOLATION
  }

  /**
   * An answer.
   *
   * @param text for people, several lines
   * @param run what the text shows
   */
  public record Answer(Verdict verdict, String text, RaceRun run) {}

  /** To be called before the first run: an actor system cannot start inside one. */
  public static void begin() {
    RaceVolume.system();
  }

  /**
   * The smallest schedule under which a race shows, with what it needs left out: fewest preemptions
   * first, then the first one that the exploration meets. The same each time.
   *
   * @return empty for those that survive
   */
  public static Optional<RaceRun> shown(Scenario scenario) {
    return smallest(scenario, true, SCHEDULES_MAX)
        .failure()
        .map(failure -> replay(scenario, true, failure.schedule()));
  }

  /**
   * What a search for the smallest failing schedule came to.
   *
   * @param schedules runs made
   * @param preemptions the bound on them in the last of those runs
   * @param failure with the fewest preemptions that suffice
   */
  record Search(long schedules, int preemptions, Optional<SimulationFailure> failure) {}

  /** Explores with 0, then 1, up to {@link #PREEMPTIONS} preemptions until a run fails. */
  static Search smallest(Scenario scenario, boolean omitted, long schedulesMax) {
    long schedules = 0;
    for (int bound = 0; bound <= PREEMPTIONS; bound++) {
      Explorer.Result result =
          explore(scenario, omitted, new Explorer.Options(bound, schedulesMax, true));
      schedules += result.schedules();
      if (result.failure().isPresent()) {
        return new Search(schedules, bound, result.failure());
      }
    }
    return new Search(schedules, PREEMPTIONS, Optional.empty());
  }

  /** As {@link #replay(Scenario, boolean, Schedule)}, for a schedule made without reduction. */
  private static RaceRun replay(
      Scenario scenario, boolean omitted, Schedule schedule, boolean reduced) {
    return under(scenario, omitted, s -> RaceRun.play(s, new Strategy.Replay(schedule), reduced));
  }

  /** Runs one schedule; {@code omitted} says whether what the scenario names is left out. */
  static RaceRun replay(Scenario scenario, boolean omitted, Schedule schedule) {
    return replay(scenario, omitted, schedule, true);
  }

  /**
   * Explores a race.
   *
   * @param omitted whether what the scenario names is left out, guard and steps; otherwise the
   *     scenario's own guard holds
   */
  public static Explorer.Result explore(
      Scenario scenario, boolean omitted, Explorer.Options options) {
    return under(scenario, omitted, s -> Explorer.explore(options, s));
  }

  /**
   * As {@link #explore(Scenario, boolean, Explorer.Options)}, timed.
   *
   * @param pace hears of every run
   */
  public static Explorer.Result explore(
      Scenario scenario, boolean omitted, Explorer.Options options, Pace pace) {
    return under(
        scenario,
        omitted,
        s ->
            Explorer.explore(
                options,
                scheduler -> {
                  pace.runBegins();
                  s.prepare(scheduler);
                }));
  }

  private interface Question<T> {
    T ask(Scenario scenario);
  }

  private static <T> T under(Scenario scenario, boolean omitted, Question<T> question) {
    if (!omitted) {
      Mutant.activate();
      return question.ask(scenario);
    }
    scenario.omission().activate();
    try {
      return question.ask(scenario.omitted());
    } finally {
      Mutant.activate();
    }
  }

  /**
   * Runs a race: with what it needs left out its violation is shown; under a guard the same steps
   * are tried, up to the one that cannot be taken.
   *
   * @param guard {@link Guard#NONE} leaves out what the scenario names
   * @param given the schedule; null: the smallest that shows the race
   * @throws Schedule.MisfitException when {@code given} is no schedule of this race
   */
  public static Answer run(Scenario scenario, Guard guard, @Nullable Schedule given) {
    return runGiven(scenario, guard, given == null ? null : new GivenSchedule(given, true));
  }

  /** As {@link #run(Scenario, Guard, Schedule)}, for a schedule of either kind. */
  public static Answer runGiven(Scenario scenario, Guard guard, @Nullable GivenSchedule given) {
    boolean reduced = given == null || given.reduced();
    Optional<RaceRun> found =
        given == null
            ? shown(scenario)
            : Optional.of(fitting(replay(scenario, true, given.choices(), reduced)));
    String head =
        "race (%s) %s: %s\n".formatted(scenario.race(), scenario.name(), scenario.story());
    if (scenario.isCost()) {
      return cost(scenario, guard, found, head, reduced);
    }
    if (guard == Guard.NONE) {
      RaceRun run = found.orElseGet(() -> replay(scenario, true, Schedule.parse("-")));
      return answer(head + "left out: " + scenario.omission().text() + "\n\n", run, "", reduced);
    }
    RaceRun reference = found.orElseGet(() -> replay(scenario, true, Schedule.parse("-")));
    Scenario guarded = scenario.withGuard(guard);
    RaceRun run =
        under(
            guarded, false, s -> RaceRun.play(s, new Strategy.Follow(reference.turns()), reduced));
    String before =
        head
            + "guard: "
            + guard
            + "\n"
            + reference
                .violation()
                .map(v -> "without " + scenario.omission().text() + ": " + v.line() + "\n")
                .orElse("")
            + "without it, schedule: "
            + new GivenSchedule(reference.schedule(), reduced)
            + "\n\n";
    return answer(before, run, Explanation.of(reference, run, scenario), reduced);
  }

  /** What the mapping lock costs shows under it, and not without it. */
  private static Answer cost(
      Scenario scenario, Guard guard, Optional<RaceRun> found, String head, boolean reduced) {
    RaceRun reference = found.orElseGet(() -> replay(scenario, true, Schedule.parse("-")));
    RaceRun run = reference;
    String why = "no violation but a cost: " + scenario.story() + "\n";
    if (guard != scenario.omission().guard()) {
      run =
          under(
              scenario.withGuard(guard),
              false,
              s -> RaceRun.play(s, new Strategy.Follow(reference.turns()), reduced));
      why = Explanation.of(reference, run, scenario);
    }
    String text =
        "%sguard: %s\n\n%s\n%sschedule: %s\n"
            .formatted(
                head,
                guard,
                Timeline.text(run),
                why,
                new GivenSchedule(reference.schedule(), reduced));
    return new Answer(Verdict.HELD, text, run);
  }

  /** A run that could not follow its schedule says nothing about the race. */
  private static RaceRun fitting(RaceRun run) {
    if (run.failure().map(Throwable::getCause).orElse(null)
        instanceof Schedule.MisfitException misfit) {
      throw misfit;
    }
    return run;
  }

  private static Answer answer(String head, RaceRun run, String explanation, boolean reduced) {
    StringBuilder text = new StringBuilder(head).append(Timeline.text(run)).append('\n');
    text.append(explanation);
    Verdict verdict = Verdict.HELD;
    if (run.failure().isPresent()) {
      verdict = Verdict.VIOLATION;
      text.append(run.failure().map(RaceViolation::of).orElseThrow().line());
    } else {
      text.append("held: nothing was violated");
    }
    text.append("\nschedule: ").append(new GivenSchedule(run.schedule(), reduced)).append('\n');
    return new Answer(verdict, text.toString(), run);
  }

  /** The lock timeline of an answer's run, as a self-contained SVG. */
  public static String picture(Scenario scenario, Answer answer) {
    String verdict =
        answer
            .run()
            .violation()
            .map(RaceViolation::line)
            .or(() -> answer.text().lines().filter(l -> l.startsWith("impossible")).findFirst())
            .orElse(answer.verdict() == Verdict.HELD ? "nothing was violated" : "the run failed");
    return TimelinePicture.of(
        answer.run(), "(" + scenario.race() + ") " + scenario.name(), verdict);
  }
}
