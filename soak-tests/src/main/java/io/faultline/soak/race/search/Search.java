package io.faultline.soak.race.search;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.sim.Schedule;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.engine.runtime.sim.Strategy;
import io.faultline.soak.race.RaceViolation;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Random search: a seed is a program and a schedule of it. The same seed, clients, guard and
 * mutants give the same run. One search at a time in a JVM, which must simulate and allow mutants.
 */
public final class Search {
  public static final int CLIENTS_MIN = 2;
  public static final int CLIENTS_MAX = 8;

  private static final int PRIORITY_CHANGES = 4;
  private static final int STEPS_EXPECTED = 250;

  private final Options options;
  private final Audit audit = new Audit();
  private final Set<Long> traces = new HashSet<>();
  private long runs;
  private long points;
  private long open;
  private String lastTrace = "";

  /**
   * What to search.
   *
   * @param clients of each program, {@value #CLIENTS_MIN} to {@value #CLIENTS_MAX}
   * @param guard what keeps fills from destroyers
   * @param mutants steps of the engine left out
   */
  public record Options(int clients, Guard guard, Set<Mutant> mutants) {
    /** Checks the bounds and copies the set. */
    public Options {
      if (clients < CLIENTS_MIN || clients > CLIENTS_MAX) {
        throw new IllegalArgumentException(clients + " clients");
      }
      mutants = Set.copyOf(mutants);
    }
  }

  /**
   * A run that violated something.
   *
   * @param seed what showed it first; of a program that was given, 0
   * @param trace one line per yield point and state change
   */
  public record Found(
      long seed, Program program, RaceViolation violation, Schedule schedule, String trace) {}

  /** A search with nothing done yet. */
  public Search(Options options) {
    this.options = options;
  }

  /** Runs seeds from {@code first} on until one of them violates something. */
  public Optional<Found> seeds(long first, long count) {
    return withMutants(
        () -> {
          for (long seed = first; seed < first + count; seed++) {
            Program program = ProgramGenerator.draw(seed, options.clients());
            Trial.Outcome outcome = new Trial(program, options.guard()).run(seed, strategy(seed));
            record(outcome);
            if (outcome.failure().isPresent() && !outcome.open()) {
              return Optional.of(found(seed, program, outcome));
            }
          }
          return Optional.empty();
        });
  }

  /**
   * Runs a program under one schedule.
   *
   * @throws Schedule.MisfitException when {@code schedule} is none of this program
   */
  public Optional<Found> replay(Program program, Schedule schedule) {
    return withMutants(
        () -> {
          Trial.Outcome outcome =
              new Trial(program, options.guard()).run(0, new Strategy.Replay(schedule));
          record(outcome);
          if (outcome.failure().map(Throwable::getCause).orElse(null)
              instanceof Schedule.MisfitException misfit) {
            throw misfit;
          }
          return outcome.failure().isPresent()
              ? Optional.of(found(0, program, outcome))
              : Optional.empty();
        });
  }

  /** Runs a program under so many schedules until one of them violates something. */
  public Optional<Found> schedules(Program program, long count) {
    return withMutants(
        () -> {
          for (long seed = 0; seed < count; seed++) {
            Trial.Outcome outcome = new Trial(program, options.guard()).run(seed, strategy(seed));
            record(outcome);
            if (outcome.failure().isPresent() && !outcome.open()) {
              return Optional.of(found(seed, program, outcome));
            }
          }
          return Optional.empty();
        });
  }

  /** The fewest clients and operations, and the smallest schedule, that still violate something. */
  public Found shrink(Found found) {
    return withMutants(() -> Shrinker.shrink(found, options.guard()));
  }

  private interface Question<T> {
    T ask();
  }

  private <T> T withMutants(Question<T> question) {
    Mutant.activate(options.mutants().toArray(Mutant[]::new));
    try {
      return question.ask();
    } finally {
      Mutant.activate();
    }
  }

  static Strategy strategy(long seed) {
    return seed % 2 == 0
        ? new Strategy.Random()
        : new Strategy.Priorities(PRIORITY_CHANGES, STEPS_EXPECTED);
  }

  static Found found(long seed, Program program, Trial.Outcome outcome) {
    SimulationFailure failure = outcome.failure().orElseThrow();
    return new Found(
        seed, program, RaceViolation.of(failure), failure.schedule(), outcome.scheduler().trace());
  }

  private void record(Trial.Outcome outcome) {
    runs++;
    points += outcome.scheduler().steps();
    open += outcome.open() ? 1 : 0;
    audit.add(outcome.calls());
    lastTrace = outcome.scheduler().trace();
    CRC32C sum = new CRC32C();
    byte[] bytes = lastTrace.getBytes(StandardCharsets.UTF_8);
    sum.update(bytes);
    traces.add(sum.getValue() << 24 ^ bytes.length);
  }

  /** Runs so far. */
  public long runs() {
    return runs;
  }

  /** Yield points passed in all of them. */
  public long points() {
    return points;
  }

  /** Runs whose history had too many orders to be judged. */
  public long open() {
    return open;
  }

  /** Different traces among them. */
  public long distinctTraces() {
    return traces.size();
  }

  /** The trace of the last run. */
  public String lastTrace() {
    return lastTrace;
  }

  /** Operations by kind and by what they met, a table. */
  public String auditText() {
    return audit.text();
  }

  Audit audit() {
    return audit;
  }
}
