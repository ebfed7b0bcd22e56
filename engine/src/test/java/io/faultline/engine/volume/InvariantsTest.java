package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.read;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.extent.BlockRun;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.lock.IoLock;
import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.MappingLock;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.Invariant;
import io.faultline.engine.runtime.Mutant;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: every invariant that applies has a check that runs, and that check fires, by its number,
 * when the invariant is broken. Method: one step is omitted (a mutant), or one call is made that
 * the engine never makes. (I1 and I5 with a mutant each: {@code SimulatedMutantsTest}.)
 */
@Timeout(60)
@SuppressWarnings("EnumOrdinal") // a number is what this test is about
class InvariantsTest {
  private static final BlockRun RUN = new BlockRun(7, 3);

  private interface Broken {
    void run() throws Exception;
  }

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  /** Exactly this invariant is found broken, whoever catches the failure. */
  private static void fires(Invariant expected, Broken broken) {
    long[] before = Arrays.stream(Invariant.values()).mapToLong(Invariant::timesBroken).toArray();
    assertThatThrownBy(broken::run)
        .satisfies(
            thrown -> {
              boolean named = false;
              for (Throwable t = thrown; t != null; t = t.getCause()) {
                named |=
                    t instanceof EngineFailure
                        && String.valueOf(t.getMessage()).startsWith(expected.name() + " ");
              }
              assertThat(named).as("%s in the causes of %s", expected, thrown).isTrue();
            });
    for (Invariant i : Invariant.values()) {
      boolean fired = i.timesBroken() != before[i.ordinal()];
      assertThat(fired).as("%s fired", i).isEqualTo(i == expected);
    }
  }

  @Test
  void everyInvariantThatAppliesIsCheckedByAnOrdinaryWorkload() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      OpenInode f = volume.file("/f");
      write(f, 0, bytes('A', 10 * PAGE + 100));
      f.sync(true);
      volume.volume().dropCaches();
      read(f, 0, 3 * PAGE);
      OpenInode.await(f.punchHole(100, 5 * PAGE));
      OpenInode.await(f.collapseRange(6 * PAGE, PAGE));
      OpenInode.await(f.truncate(20 * PAGE));
      write(f, 20 * PAGE, page('B'));
      volume.volume().sync();
      volume.requireSound();
    }
    Thread waiting = contend();
    waiting.join();
    EnumSet<Invariant> checked = EnumSet.noneOf(Invariant.class);
    EnumSet<Invariant> applicable = EnumSet.noneOf(Invariant.class);
    for (Invariant i : Invariant.values()) {
      if (i.evaluated()) {
        checked.add(i);
      }
      if (i.notApplicable().isEmpty()) {
        applicable.add(i);
      }
    }
    assertThat(EnumSet.complementOf(applicable)).isEqualTo(Set.of(Invariant.I9, Invariant.I13));
    assertThat(checked).isEqualTo(applicable);
  }

  /** Somebody queues behind an exclusive and is let in. */
  private static Thread contend() {
    MappingLock lock = new MappingLock(5, new LockCounters());
    lock.lockExclusive();
    Thread reader =
        Thread.ofPlatform()
            .start(
                () -> {
                  lock.lockShared();
                  lock.unlockShared();
                });
    while (reader.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    lock.unlockExclusive();
    return reader;
  }

  private static BlockLedger taken() {
    BlockLedger ledger = BlockLedger.of(100);
    ledger.taken(RUN);
    return ledger;
  }

  private static BlockLedger mapped() {
    BlockLedger ledger = taken();
    ledger.writeBegins(RUN);
    ledger.writeEnds(RUN, true);
    ledger.mapped(Extent.written(0, RUN.start(), RUN.length()));
    return ledger;
  }

  @Test
  void i1FiresWhenABlockUnderAFillIsFreed() {
    BlockLedger ledger = mapped();
    ledger.fillBegins(8);
    fires(Invariant.I1, () -> ledger.freed(RUN, 1));
    ledger.fillEnds(8);
    ledger.freed(RUN, 1);
  }

  @Test
  void i2FiresWhenAnEdgeIsZeroedInMemoryOnly() throws Exception {
    EngineFixture volume = EngineFixture.open(SMALL);
    OpenInode f = volume.file("/f");
    write(f, 0, page('A'));
    f.sync(true);
    Mutant.activate(Mutant.R4_EDGE_NOT_WRITTEN);
    fires(Invariant.I2, () -> OpenInode.await(f.punchHole(100, 200)));
    volume.close();
  }

  @Test
  void i3FiresWhenAReservationIsGivenAwayTooEarly() throws Exception {
    EngineFixture volume = EngineFixture.open(SMALL);
    OpenInode f = volume.file("/f");
    write(f, 0, page('A'));
    volume.volume().cache().dirty().unreserve(f.vnode().mapping(), 0, 1);
    fires(Invariant.I3, () -> f.sync(true));
    // The page was lost, and nobody has been told of it yet.
    assertThatThrownBy(volume::close).hasMessageContaining("data written earlier was lost");
  }

  @Test
  void i4FiresWhenABlockUnderWritebackIsFreed() {
    BlockLedger ledger = mapped();
    ledger.writeBegins(RUN);
    fires(Invariant.I4, () -> ledger.freed(RUN, 1));
    BlockLedger other = BlockLedger.of(100);
    fires(Invariant.I4, () -> other.writeBegins(RUN));
  }

  @Test
  void i6FiresWhenAFreedBlockComesBackAtOnce() throws Exception {
    EngineFixture volume = EngineFixture.open(SMALL);
    OpenInode f = volume.file("/f");
    write(f, 0, page('A'));
    f.sync(true);
    Mutant.activate(Mutant.R9_FREE_AT_ONCE);
    fires(Invariant.I6, () -> OpenInode.await(f.punchHole(0, PAGE)));
  }

  @Test
  void i7FiresForAMappingOfUnwrittenBlocksAndForOneThatIsNotFlushed() {
    BlockLedger ledger = taken();
    fires(Invariant.I7, () -> ledger.mapped(Extent.written(0, RUN.start(), RUN.length())));
    ledger.mapped(Extent.unwritten(0, RUN.start(), RUN.length()));
    ledger.needsFlush(3, 5);
    fires(Invariant.I7, () -> ledger.persists(3, 4));
    ledger.needsFlush(4, 5);
    ledger.persists(4, 5);
  }

  @Test
  void i8FiresForAWriteBesideACommandsBody() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      OpenInode f = volume.file("/f");
      write(f, 0, page('A'));
      f.vnode().writing.incrementAndGet();
      fires(Invariant.I8, () -> OpenInode.await(f.punchHole(0, PAGE)));
      f.vnode().writing.decrementAndGet();
      OpenInode.await(f.punchHole(0, PAGE));
    }
  }

  @Test
  void i10FiresForAnInvertedPair() {
    MappingLock mapping = new MappingLock(5, new LockCounters());
    IoLock io = new IoLock(5, new LockCounters());
    mapping.lockShared();
    fires(Invariant.I10, io::lockShared);
    mapping.unlockShared();
    LockOrder.assertNone("the test ends");
  }

  @Test
  void i12FiresForAFillWhileAShiftIsHalfDone() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      OpenInode f = volume.file("/f");
      write(f, 0, bytes('A', 2 * PAGE));
      volume.volume().dropCaches();
      f.vnode().mapping().shiftBegins(1);
      assertThat(read(f, 0, PAGE)).isEqualTo(page('A'));
      fires(Invariant.I12, () -> f.read(ByteBuffer.allocate(PAGE), PAGE));
      f.vnode().mapping().shiftEnds();
      assertThat(read(f, PAGE, PAGE)).isEqualTo(page('A'));
    }
  }

  @Test
  void i14FiresForBlocksInTwoStates() {
    BlockLedger ledger = mapped();
    fires(Invariant.I14, () -> ledger.taken(RUN));
    fires(Invariant.I14, () -> ledger.released(RUN));
    fires(Invariant.I14, () -> BlockLedger.of(100).freed(RUN, 1));
    assertThat(ledger.disagreement(97, 0)).isEmpty();
    assertThat(ledger.disagreement(98, 0)).contains("free 97 and 98");
  }

  /** A commit may be faster than the return of the append that it contains. */
  @Test
  void aFreeThatIsDurableBeforeItsAppendReturnsIsNoFailure() {
    BlockLedger ledger = mapped();
    ledger.freed(RUN, 4);
    ledger.durable(4);
    ledger.released(RUN);
    ledger.taken(RUN);
    ledger.freedIn(RUN, 4);
    ledger.released(RUN);
    BlockLedger refused = mapped();
    refused.freed(RUN, 4);
    refused.kept(RUN);
    refused.mapped(Extent.written(0, RUN.start(), RUN.length()));
    refused.freed(RUN, 5);
    refused.freedIn(RUN, 6);
    refused.durable(5);
    fires(Invariant.I6, () -> refused.released(RUN));
  }

  @Test
  void i15FiresForAPageThatSurvivesItsPunch() throws Exception {
    EngineFixture volume = EngineFixture.open(SMALL);
    OpenInode f = volume.file("/f");
    write(f, 0, page('A'));
    f.sync(true);
    Mutant.activate(Mutant.M7_EVICT_BEFORE_LOCK);
    fires(Invariant.I15, () -> OpenInode.await(f.punchHole(0, PAGE)));
    Mutant.activate();
    volume.close();
  }

  @Test
  void i16FiresWhenTheSizeGrowsOverAStrayStore() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      OpenInode f = volume.file("/f");
      write(f, 0, bytes('A', 100));
      Mutant.activate(Mutant.R4_STORE_PAST_SIZE);
      f.store(ByteBuffer.wrap(bytes('X', 10)), 200);
      Mutant.activate();
      fires(Invariant.I16, () -> OpenInode.await(f.truncate(PAGE)));
    }
  }
}
