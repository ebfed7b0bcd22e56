package io.faultline.soak.race.search;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.engine.runtime.sim.Strategy;
import io.faultline.engine.runtime.sim.Turn;
import io.faultline.soak.model.OpShrinker;
import io.faultline.soak.race.RaceViolation;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes a program that fails smaller: operations are left out, then clients are put together or
 * made part of the set-up, as long as some schedule still shows a violation. For each candidate the
 * turns of the last failing run are followed first, since what was left out mostly had no part in
 * it, and then a fixed number of other schedules. At the end the schedule with the fewest
 * preemptions is looked for.
 */
final class Shrinker {
  private static final int TRIES = 24;
  private static final long EXPLORED_MAX = 400;
  private static final int PREEMPTIONS_MAX = 2;

  private static final String FAILURE = "failure";

  private final Guard guard;
  private final boolean failure;
  private Search.Found smallest;
  private List<Turn> turns;

  private Shrinker(Search.Found found, Guard guard, List<Turn> turns) {
    this.guard = guard;
    this.failure = found.violation().kind().equals(FAILURE);
    this.smallest = found;
    this.turns = turns;
  }

  static Search.Found shrink(Search.Found found, Guard guard) {
    Trial.Outcome again =
        new Trial(found.program(), guard).run(0, new Strategy.Replay(found.schedule()));
    if (again.failure().isEmpty()) {
      throw new IllegalStateException("seed " + found.seed() + " does not fail again");
    }
    Shrinker shrinker = new Shrinker(found, guard, again.turns());
    OpShrinker.shrink(
        found.program().ops(), ops -> shrinker.fails(shrinker.smallest.program().with(ops)));
    shrinker.joinClients();
    shrinker.fewestPreemptions();
    return shrinker.smallest;
  }

  private void joinClients() {
    boolean joined = true;
    while (joined) {
      joined = false;
      List<Integer> clients = smallest.program().clients();
      for (int i = 0; i < clients.size() && !joined; i++) {
        for (int k = 0; k < clients.size() && !joined; k++) {
          int from = clients.get(i);
          int to = i == k ? Op.SETUP : clients.get(k);
          joined = fails(joined(smallest.program(), from, to));
        }
      }
    }
  }

  private static Program joined(Program program, int from, int to) {
    return program.with(
        program.ops().stream().map(op -> op.client() == from ? op.by(to) : op).toList());
  }

  private boolean fails(Program candidate) {
    if (candidate.clients().isEmpty()) {
      return false;
    }
    if (fails(candidate, 0, new Strategy.Follow(turns))) {
      return true;
    }
    for (long seed = 0; seed < TRIES; seed++) {
      if (fails(candidate, seed, Search.strategy(seed))) {
        return true;
      }
    }
    return false;
  }

  private boolean fails(Program candidate, long seed, Strategy strategy) {
    Trial.Outcome outcome = new Trial(candidate, guard).run(seed, strategy);
    if (outcome.open() || !sameSort(outcome.failure().orElse(null))) {
      return false;
    }
    turns = outcome.turns();
    smallest = Search.found(smallest.seed(), candidate, outcome);
    return true;
  }

  /** A violation stays a violation, and a deadlock a deadlock; which violation is not asked. */
  private boolean sameSort(@Nullable SimulationFailure failed) {
    return failed != null && RaceViolation.of(failed).kind().equals(FAILURE) == failure;
  }

  private void fewestPreemptions() {
    for (int bound = 0; bound <= PREEMPTIONS_MAX; bound++) {
      Optional<SimulationFailure> failed =
          Explorer.explore(bound, EXPLORED_MAX, new Trial(smallest.program(), guard)).failure();
      if (failed.isPresent()) {
        if (sameSort(failed.get())) {
          fails(smallest.program(), 0, new Strategy.Replay(failed.get().schedule()));
        }
        return;
      }
    }
  }
}
