package io.faultline.persistence.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.persistence.replay.Checkpoints.Point;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * Goal: a replay is at any position what a plain fold is, however it got there, for any kind of
 * event and state. Method: the accounts of a bank, which know nothing of filesystems, walked
 * through at random beside a list of all states.
 */
class ReplayTest {
  private sealed interface Movement {
    record Opened(String account) implements Movement {}

    record Deposited(String account, long cents) implements Movement {}

    record Withdrawn(String account, long cents) implements Movement {}
  }

  /** Balances in cents by account. */
  private record Bank(PMap<String, Long> balances) {
    private static final Bank EMPTY = new Bank(HashTreePMap.empty());

    private Bank apply(Movement movement) {
      return switch (movement) {
        case Movement.Opened m -> new Bank(balances.plus(m.account(), 0L));
        case Movement.Deposited m -> changed(m.account(), m.cents());
        case Movement.Withdrawn m -> changed(m.account(), -m.cents());
      };
    }

    private Bank changed(String account, long cents) {
      Long before = balances.get(account);
      if (before == null) {
        throw new IllegalStateException("no account " + account);
      }
      return new Bank(balances.plus(account, before + cents));
    }

    private boolean solvent() {
      return balances.values().stream().allMatch(cents -> cents >= 0);
    }
  }

  /** Movements in memory; counts what is read, can be damaged and can have lost its beginning. */
  private static final class Ledger implements EventSource<Movement> {
    private final List<Movement> movements = new ArrayList<>();
    private long first = 1;
    private long damagedAt = Long.MAX_VALUE;
    private long read;

    @Override
    public Cursor<Movement> from(long lsn) {
      assertThat(lsn).isGreaterThanOrEqualTo(first);
      return new Cursor<>() {
        private long next = lsn;

        @Override
        public @Nullable Entry<Movement> next() throws IOException {
          if (next == damagedAt) {
            throw new IOException("damaged at " + next);
          }
          if (next > movements.size()) {
            return null;
          }
          read++;
          return new Entry<>(next, movements.get((int) next++ - 1));
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public long firstLsn() {
      return first;
    }
  }

  private static final int MOVEMENTS = 20_000;

  private final Ledger ledger = new Ledger();
  private final List<Bank> states = new ArrayList<>(List.of(Bank.EMPTY));

  @BeforeEach
  void move() {
    Random random = new Random(5);
    add(new Movement.Opened("a0"));
    for (int i = 1; i < MOVEMENTS; i++) {
      String account = "a" + random.nextInt(1 + i / 200);
      add(
          i % 200 == 0
              ? new Movement.Opened("a" + i / 200)
              : new Movement.Deposited(
                  states.getLast().balances().containsKey(account) ? account : "a0", i));
    }
  }

  private void add(Movement movement) {
    ledger.movements.add(movement);
    states.add(states.getLast().apply(movement));
  }

  private Replay<Bank, Movement> replay(Checkpoints<Bank> checkpoints) {
    return new Replay<>(Bank.EMPTY, Bank::apply, ledger, checkpoints);
  }

  private Replay<Bank, Movement> replay() {
    return replay(Checkpoints.none());
  }

  private Checkpoints<Bank> every(int distance) {
    TreeMap<Long, Bank> kept = new TreeMap<>();
    for (long lsn = distance; lsn <= MOVEMENTS; lsn += distance) {
      kept.put(lsn, states.get((int) lsn));
    }
    return (above, lsn) -> {
      Map.Entry<Long, Bank> entry = kept.floorEntry(lsn);
      return entry == null || entry.getKey() <= above
          ? Optional.empty()
          : Optional.of(new Point<>(entry.getKey(), entry.getValue()));
    };
  }

  private void assertStandsAt(Replay<Bank, Movement> replay, long lsn) {
    assertThat(replay.lsn()).isEqualTo(lsn);
    assertThat(replay.state()).isEqualTo(states.get((int) lsn));
    assertThat(replay.event())
        .isEqualTo(lsn == 0 ? Optional.empty() : Optional.of(ledger.movements.get((int) lsn - 1)));
  }

  @Test
  void anyWalkSeesTheStatesOfTheFold() throws IOException {
    for (Checkpoints<Bank> checkpoints : List.of(Checkpoints.<Bank>none(), every(7000))) {
      Replay<Bank, Movement> replay = replay(checkpoints);
      Random random = new Random(11);
      long at = 0;
      for (int i = 0; i < 100; i++) {
        switch (random.nextInt(3)) {
          case 0 -> {
            at = random.nextInt(MOVEMENTS + 1);
            assertThat(replay.goTo(at)).isTrue();
          }
          case 1 -> {
            for (int n = random.nextInt(2000); n > 0; n--) {
              assertThat(replay.back()).isEqualTo(at > 0);
              at = Math.max(0, at - 1);
            }
          }
          default -> {
            for (int n = random.nextInt(2000); n > 0; n--) {
              assertThat(replay.forward()).isEqualTo(at < MOVEMENTS);
              at = Math.min(MOVEMENTS, at + 1);
            }
          }
        }
        assertStandsAt(replay, at);
      }
    }
  }

  @Test
  void aCheckpointSavesTheReadingBeforeIt() throws IOException {
    assertThat(replay().at(19_000)).isEqualTo(states.get(19_000));
    assertThat(ledger.read).isEqualTo(19_000);
    ledger.read = 0;
    assertThat(replay(every(5000)).at(19_000)).isEqualTo(states.get(19_000));
    assertThat(ledger.read).isEqualTo(4000);
    ledger.read = 0;
    assertThat(replay(every(5000)).at(15_000)).isEqualTo(states.get(15_000));
    assertThat(ledger.read).isZero();
    ledger.read = 0;
    assertThat(replay(every(500)).at(620)).isEqualTo(states.get(620));
    assertThat(ledger.read).as("a transaction may be long, and the first is far").isEqualTo(120);
    ledger.read = 0;
    Replay<Bank, Movement> replay = replay(every(5000));
    assertThat(replay.goToState(15_000)).isTrue();
    assertThat(replay.event()).isEmpty();
    assertThat(replay.goTo(15_000)).isTrue();
    assertStandsAt(replay, 15_000);
    assertThat(ledger.read).isEqualTo(5000);
  }

  @Test
  void stepsBackReadLittle() throws IOException {
    Replay<Bank, Movement> replay = replay();
    replay.toEnd();
    ledger.read = 0;
    for (int i = 0; i < 10_000; i++) {
      replay.back();
    }
    assertStandsAt(replay, 10_000);
    assertThat(ledger.read).isLessThan(25_000);
  }

  @Test
  void eventsAreFoundInBothDirections() throws IOException {
    Replay<Bank, Movement> replay = replay();
    assertThat(replay.next(m -> m instanceof Movement.Opened o && o.account().equals("a7")))
        .isTrue();
    assertStandsAt(replay, 1401);
    assertThat(replay.previous(m -> m instanceof Movement.Opened)).isTrue();
    assertStandsAt(replay, 1201);
    assertThat(replay.previous(m -> m instanceof Movement.Withdrawn)).isFalse();
    assertThat(replay.lsn()).isZero();
    assertThat(replay.next(m -> m instanceof Movement.Withdrawn)).isFalse();
    assertThat(replay.lsn()).isEqualTo(MOVEMENTS);
  }

  @Test
  void theFirstFailureIsFoundEitherWayIfItLasts() throws IOException {
    add(new Movement.Opened("broke"));
    add(new Movement.Withdrawn("broke", 5));
    add(new Movement.Deposited("a0", 1));
    Replay.Finding linear =
        replay().firstFailure(Bank::solvent, 1, Long.MAX_VALUE, Replay.Search.LINEAR);
    assertThat(linear)
        .isEqualTo(new Replay.Finding.Failed(MOVEMENTS + 2, MOVEMENTS + 2, Optional.empty()));
    Replay<Bank, Movement> replay = replay();
    Replay.Finding binary =
        replay.firstFailure(Bank::solvent, 1, Long.MAX_VALUE, Replay.Search.BINARY);
    assertThat(binary)
        .isInstanceOfSatisfying(
            Replay.Finding.Failed.class,
            failed -> assertThat(failed.lsn()).isEqualTo(MOVEMENTS + 2));
    assertThat(binary.looked()).isLessThan(25);
    assertStandsAt(replay, MOVEMENTS + 2);
  }

  @Test
  void halvingFindsSomeFailureWhereTheConditionComesAndGoes() throws IOException {
    ledger.movements.clear();
    states.subList(1, states.size()).clear();
    add(new Movement.Opened("a"));
    for (int i = 0; i < 10; i++) {
      add(new Movement.Withdrawn("a", 1));
      add(new Movement.Deposited("a", 1));
    }
    add(new Movement.Withdrawn("a", 1));
    assertThat(replay().firstFailure(Bank::solvent, 1, 22, Replay.Search.LINEAR))
        .isEqualTo(new Replay.Finding.Failed(2, 2, Optional.empty()));
    Replay<Bank, Movement> replay = replay();
    Replay.Finding found = replay.firstFailure(Bank::solvent, 1, 22, Replay.Search.BINARY);
    long lsn = ((Replay.Finding.Failed) found).lsn();
    assertThat(states.get((int) lsn).solvent()).isFalse();
    assertThat(states.get((int) lsn - 1).solvent()).isTrue();
    assertThat(replay().firstFailure(Bank::solvent, 1, 21, Replay.Search.BINARY))
        .as("at both ends it holds: halving cannot know")
        .isEqualTo(new Replay.Finding.Held(21, 2, Optional.empty()));
    assertThat(replay().firstFailure(b -> false, 3, 21, Replay.Search.BINARY))
        .isEqualTo(new Replay.Finding.Failed(3, 1, Optional.empty()));
  }

  @Test
  void whatDoesNotFitIsNamedAndEverythingBeforeItCanBeSeen() throws IOException {
    ledger.movements.set(14_999, new Movement.Withdrawn("nobody", 1));
    Replay<Bank, Movement> replay = replay();
    assertThatThrownBy(() -> replay.goTo(15_000))
        .isInstanceOfSatisfying(MisfitException.class, e -> assertThat(e.lsn()).isEqualTo(15_000))
        .hasMessageContaining("no account nobody");
    assertStandsAt(replay, 14_999);
    assertThat(replay.toEnd().lsn()).isEqualTo(14_999);
    assertThat(replay.back()).isTrue();
    for (Replay.Search search : Replay.Search.values()) {
      assertThat(replay().firstFailure(Bank::solvent, 1, Long.MAX_VALUE, search))
          .isInstanceOfSatisfying(
              Replay.Finding.Failed.class,
              failed -> {
                assertThat(failed.lsn()).isEqualTo(15_000);
                assertThat(failed.misfit()).isPresent();
              });
    }
  }

  @Test
  void damageEndsHistoryAndIsNotTakenForAFailure() throws IOException {
    ledger.damagedAt = 15_000;
    Replay<Bank, Movement> replay = replay();
    Replay.End end = replay.toEnd();
    assertThat(end.lsn()).isEqualTo(14_999);
    assertThat(end.broken()).get().extracting(Throwable::getMessage).isEqualTo("damaged at 15000");
    for (Replay.Search search : Replay.Search.values()) {
      assertThat(replay().firstFailure(Bank::solvent, 1, Long.MAX_VALUE, search))
          .isInstanceOfSatisfying(
              Replay.Finding.Held.class,
              held -> {
                assertThat(held.lsn()).isEqualTo(14_999);
                assertThat(held.broken()).isPresent();
              });
    }
  }

  @Test
  void historyThatGoesOnIsSeen() throws IOException {
    Replay<Bank, Movement> replay = replay();
    assertThat(replay.toEnd()).isEqualTo(new Replay.End(MOVEMENTS, Optional.empty()));
    assertThat(replay.forward()).isFalse();
    assertThatThrownBy(() -> replay.at(MOVEMENTS + 1))
        .hasMessage("there is no LSN 20001: the last one is 20000");
    add(new Movement.Opened("new"));
    assertThat(replay.forward()).isTrue();
    assertStandsAt(replay, MOVEMENTS + 1);
  }

  @Test
  void whereTheBeginningIsGoneHistoryBeginsAtACheckpoint() throws IOException {
    ledger.first = 10_001;
    Replay<Bank, Movement> replay = replay(every(5000));
    assertThatThrownBy(replay::forward).hasMessageContaining("LSN 1 is gone");
    assertThat(replay.at(10_000)).isEqualTo(states.get(10_000));
    assertThat(replay.event()).isEmpty();
    assertThat(replay.back()).isFalse();
    assertThat(replay.goTo(12_345)).isTrue();
    assertStandsAt(replay, 12_345);
    assertThatThrownBy(() -> replay.goTo(9000)).hasMessageContaining("LSN 9000 is gone");
    assertThat(replay.goTo(10_001)).isTrue();
    assertStandsAt(replay, 10_001);
    assertThat(replay.previous(m -> false)).isFalse();
    assertThat(replay.lsn()).isEqualTo(10_000);
  }

  @Test
  void aSourceThatLeavesOneOutIsRefused() {
    EventSource<Movement> gap =
        lsn ->
            new EventSource.Cursor<>() {
              @Override
              public EventSource.Entry<Movement> next() {
                return new EventSource.Entry<>(lsn + 1, ledger.movements.getFirst());
              }

              @Override
              public void close() {}
            };
    Replay<Bank, Movement> replay = new Replay<>(Bank.EMPTY, Bank::apply, gap, Checkpoints.none());
    assertThatThrownBy(replay::forward).hasMessage("event 2 came where 1 must come");
  }
}
