package io.faultline.soak.race;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Mutant;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is left out so that a race shows: the guard, steps of the engine, or both.
 *
 * @param guard under which the race shows
 * @param mutants the steps left out
 */
public record Omission(Guard guard, Set<Mutant> mutants) {
  /** Copies the set. */
  public Omission {
    mutants = Set.copyOf(mutants);
  }

  /** The mapping lock, everywhere. */
  static Omission ofTheGuard() {
    return new Omission(Guard.NONE, Set.of());
  }

  /** These steps; the guard stays. */
  static Omission of(Mutant... mutants) {
    return new Omission(Guard.MAPPING_LOCK, Set.copyOf(Arrays.asList(mutants)));
  }

  /** These steps and the guard. */
  static Omission ofTheGuardAnd(Mutant... mutants) {
    return new Omission(Guard.NONE, Set.copyOf(Arrays.asList(mutants)));
  }

  /** What is left out, for people. */
  public String text() {
    String steps = mutants.stream().map(Mutant::name).sorted().collect(Collectors.joining(", "));
    if (guard != Guard.NONE) {
      return steps.isEmpty() ? "nothing" : steps;
    }
    return steps.isEmpty() ? "the guard" : "the guard, " + steps;
  }

  /** Makes exactly these mutants active in this JVM. */
  void activate() {
    Mutant.activate(mutants.toArray(Mutant[]::new));
  }
}
