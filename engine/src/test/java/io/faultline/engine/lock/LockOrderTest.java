package io.faultline.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.runtime.Checks;
import io.faultline.engine.runtime.EngineFailure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Goal: every breach of the lock order is an EngineFailure before anybody waits. */
class LockOrderTest {
  private final MappingLock mapping = new MappingLock(5, new LockCounters());
  private final IoLock io = new IoLock(5, new LockCounters());

  private LockGraph before = new LockGraph();

  @BeforeEach
  void checksAreOn() {
    before = LockOrder.use(new LockGraph());
    assertThat(Checks.ON).as("the build runs tests with -Dfaultline.checks=true").isTrue();
    LockOrder.assertNone("a test begins");
  }

  @AfterEach
  void nothingIsLeftHeld() {
    LockOrder.use(before);
    LockOrder.assertNone("a test ends");
  }

  @Test
  void theDeclaredOrderPassesAndItsEdgesAreRecordedWithAWitness() {
    io.lockShared();
    mapping.lockExclusive();
    LockOrder.acquired(LockRank.SLOT, 9);
    assertThat(LockOrder.held()).isEqualTo("IO 5 -> MAPPING 5 -> SLOT 9");
    LockOrder.released(LockRank.SLOT, 9);
    io.unlockShared();
    mapping.unlockExclusive();
    assertThat(LockOrder.edges())
        .anySatisfy(
            edge -> {
              assertThat(edge.outer()).isEqualTo(LockRank.IO);
              assertThat(edge.inner()).isEqualTo(LockRank.MAPPING);
              assertThat(edge.witness()).contains("MAPPING/DATA_FILE taken under IO/DATA_FILE");
            });
    assertThat(LockOrder.edges())
        .allSatisfy(
            edge ->
                assertThat(edge.outer().position()).isLessThanOrEqualTo(edge.inner().position()));
  }

  @Test
  void anInvertedPairNamesBothChainsAndTakesNothing() {
    io.lockShared();
    mapping.lockShared();
    mapping.unlockShared();
    io.unlockShared();

    mapping.lockShared();
    assertThatThrownBy(io::lockShared)
        .isInstanceOf(EngineFailure.class)
        .hasMessageContaining("MAPPING 5 -> IO 5")
        .hasMessageContaining("The other chain")
        .hasMessageContaining("MAPPING/DATA_FILE taken under IO/DATA_FILE");
    assertThatThrownBy(io::lockExclusive).isInstanceOf(EngineFailure.class);
    mapping.unlockShared();
    assertThat(io.sharedHolders()).isZero();
    assertThat(io.heldExclusive()).isFalse();
  }

  @Test
  void descendingOrEqualIdsOfOneRankAreCaught() {
    for (LockRank rank : LockRank.values()) {
      LockOrder.acquired(rank, 3);
      assertThatThrownBy(() -> LockOrder.acquired(rank, 2)).isInstanceOf(EngineFailure.class);
      assertThatThrownBy(() -> LockOrder.acquired(rank, 3)).isInstanceOf(EngineFailure.class);
      if (rank.ascending()) {
        LockOrder.acquired(rank, 4);
        LockOrder.released(rank, 4);
      } else {
        assertThatThrownBy(() -> LockOrder.acquired(rank, 4))
            .hasMessageContaining("one lock of this rank at a time");
      }
      LockOrder.released(rank, 3);
    }
  }

  @Test
  void takingTheSameLockTwiceIsCaughtInsteadOfWaitingForOneself() {
    mapping.lockShared();
    assertThatThrownBy(mapping::lockShared).isInstanceOf(EngineFailure.class);
    assertThatThrownBy(mapping::lockExclusive).isInstanceOf(EngineFailure.class);
    mapping.unlockShared();
    assertThat(mapping.tryLockExclusive()).isTrue();
    mapping.unlockExclusive();
  }

  @Test
  void aTryIsFreeButWhatFollowsItIsNot() {
    mapping.lockShared();
    assertThat(io.tryLockExclusive()).isTrue();
    assertThatThrownBy(() -> LockOrder.acquired(LockRank.RENAME, 0))
        .isInstanceOf(EngineFailure.class);
    io.unlockExclusive();
    mapping.unlockShared();
  }

  @Test
  void aGrantBelongsToNobodyUntilAdopted() {
    mapping.lockExclusiveAsync(() -> {});
    LockOrder.assertNone("the grant");
    assertThatThrownBy(() -> LockOrder.assertHeldExclusive(mapping, "punch"))
        .hasMessageContaining("punch needs MAPPING 5");
    assertThatThrownBy(mapping::unlockExclusive).hasMessageContaining("was it adopted?");
    LockOrder.adopt(LockRank.MAPPING, 5);
    LockOrder.assertHeldExclusive(mapping, "punch");
    assertThatThrownBy(() -> LockOrder.assertNone("a completion handler"))
        .hasMessageContaining("a completion handler while");
    LockOrder.handOff(LockRank.MAPPING, 5);
    LockOrder.handOff(LockRank.MAPPING, 5);
    LockOrder.assertNone("after hand-off");
    LockOrder.adopt(LockRank.MAPPING, 5);
    mapping.unlockExclusive();
    assertThatThrownBy(() -> LockOrder.assertHeldExclusive(mapping, "punch"))
        .hasMessageContaining("needs the exclusive");
  }

  @Test
  void theCommitterMayHoldOnlyInnerLocks() {
    LockOrder.acquired(LockRank.ALLOCATION_GROUP, 1);
    LockOrder.assertNoneOutside(LockRank.ALLOCATION_GROUP, "commit");
    LockOrder.released(LockRank.ALLOCATION_GROUP, 1);
    LockOrder.acquired(LockRank.SLOT, 1);
    assertThatThrownBy(() -> LockOrder.assertNoneOutside(LockRank.ALLOCATION_GROUP, "commit"))
        .hasMessageContaining("holds SLOT 1");
    LockOrder.released(LockRank.SLOT, 1);
  }

  @Test
  void aReleaseByNobodyIsCaught() {
    assertThatThrownBy(mapping::unlockShared).isInstanceOf(EngineFailure.class);
    assertThatThrownBy(() -> LockOrder.released(LockRank.SLOT, 1))
        .hasMessageContaining("holds nothing");
  }

  @Test
  void manySlotsMayBeHeldAscending() {
    for (int page = 0; page < 100; page++) {
      LockOrder.acquired(LockRank.SLOT, page);
    }
    for (int page = 0; page < 100; page++) {
      LockOrder.released(LockRank.SLOT, page);
    }
  }
}
