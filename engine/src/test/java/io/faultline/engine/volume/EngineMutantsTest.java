package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.read;
import static io.faultline.engine.EngineFixture.runs;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.FailingDevice;
import io.faultline.engine.device.FailurePlan;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.Mutant;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: the rules that need no interleaving to be missed are needed. Method: each scenario holds,
 * and fails once the rule's step is omitted. (Rules that close an interleaving: {@code
 * SimulatedMutantsTest}.)
 */
@Timeout(60)
class EngineMutantsTest {
  private interface Scenario {
    void run() throws Exception;
  }

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  private static void kills(Mutant mutant, Scenario scenario) throws Exception {
    scenario.run();
    Mutant.activate(mutant);
    assertThatThrownBy(scenario::run)
        .as("%s", mutant)
        .isInstanceOfAny(AssertionError.class, EngineFailure.class);
  }

  @Test
  void punchRaisesTheDurableSizeThatTheDiscardedPagesWouldHaveRaised() throws Exception {
    kills(
        Mutant.R3_PUNCH_KEEPS_DURABLE_SIZE,
        () -> {
          try (EngineFixture volume = EngineFixture.open(SMALL)) {
            OpenInode f = volume.file("/f");
            write(f, 0, page('A'));
            f.sync(true);
            write(f, PAGE, page('B'));
            OpenInode.await(f.punchHole(PAGE, PAGE));
            f.sync(true);
            assertThat(volume.durable(f).durableSize()).isEqualTo(f.size()).isEqualTo(2 * PAGE);
          }
        });
  }

  @Test
  void writebackRaisesTheDurableSizeNoFurtherThanUsersSeeIt() throws Exception {
    kills(
        Mutant.R3_DURABLE_SIZE_UNCLAMPED,
        () -> {
          try (EngineFixture volume = EngineFixture.open(SMALL)) {
            OpenInode f = volume.file("/f");
            write(f, 0, bytes('A', 100));
            f.sync(true);
            assertThat(volume.durable(f).durableSize()).isEqualTo(100);
          }
        });
  }

  @Test
  void theEdgesOfAPunchAreOnTheDevice() throws Exception {
    kills(
        Mutant.R4_EDGE_NOT_WRITTEN,
        () -> {
          try (EngineFixture volume = EngineFixture.open(SMALL)) {
            OpenInode f = volume.file("/f");
            write(f, 0, page('A'));
            f.sync(true);
            OpenInode.await(f.punchHole(100, 200));
            volume.volume().dropCaches();
            assertThat(runs(read(f, 0, PAGE))).isEqualTo("100*A 200*0 3796*A");
          }
        });
  }

  @Test
  void aStorePastTheEndIsRefused() throws Exception {
    kills(
        Mutant.R4_STORE_PAST_SIZE,
        () -> {
          try (EngineFixture volume = EngineFixture.open(SMALL)) {
            OpenInode f = volume.file("/f");
            write(f, 0, bytes('A', 100));
            assertThatThrownBy(() -> f.store(ByteBuffer.wrap(bytes('X', 10)), 200))
                .isInstanceOfSatisfying(
                    FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENXIO));
            OpenInode.await(f.truncate(PAGE));
            assertThat(runs(read(f, 0, PAGE))).isEqualTo("100*A 3996*0");
          }
        });
  }

  /** The freeing transaction is not durable when G gets the block: a crash gives F G's bytes. */
  @Test
  void aFreedBlockIsNotReusedBeforeItsFreeIsDurable() throws Exception {
    kills(
        Mutant.R9_FREE_AT_ONCE,
        () -> {
          MemoryDevice device = new MemoryDevice(SMALL.blocks() * PAGE);
          try (EngineFixture volume = EngineFixture.open(SMALL, device)) {
            OpenInode f = volume.file("/f");
            OpenInode g = volume.file("/g");
            write(f, 0, page('S'));
            f.sync(true);
            OpenInode.await(f.punchHole(0, PAGE));
            write(g, 0, page('G'));
            // Written back, not committed.
            g.advise(0, PAGE, OpenInode.Advice.DONT_NEED);
            try (EngineFixture after = volume.afterCrash(device.copy())) {
              assertThat(runs(read(after.file("/f"), 0, PAGE))).isEqualTo("4096*S");
              after.requireSound();
            }
          }
        });
  }

  @Test
  void aFailedCommandLeavesNoLockHeld() throws Exception {
    kills(
        Mutant.R11_FAILURE_LEAKS_LOCKS,
        () -> {
          FailurePlan plan = new FailurePlan(1);
          FailingDevice device = new FailingDevice(new MemoryDevice(SMALL.blocks() * PAGE), plan);
          // Not closed: with the mutant its end would wait for the lost locks.
          EngineFixture volume = EngineFixture.open(SMALL, device);
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          f.sync(true);
          plan.add(FailurePlan.Failure.once(FailurePlan.Kind.WRITE_ERROR, 1));
          assertThatThrownBy(() -> OpenInode.await(f.punchHole(100, 200)))
              .isInstanceOfSatisfying(
                  FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
          assertThat(f.vnode().ioLock().heldExclusive()).isFalse();
          assertThat(f.vnode().mapping().lock().heldExclusive()).isFalse();
          volume.close();
        });
  }

  @Test
  void aDiscardedPageGivesItsReservationBack() throws Exception {
    kills(
        Mutant.R20_DISCARD_KEEPS_RESERVATION,
        () -> {
          try (EngineFixture volume = EngineFixture.open(SMALL)) {
            OpenInode f = volume.file("/f");
            long before = volume.volume().availableBlocks();
            write(f, 0, bytes('A', 5 * PAGE));
            assertThat(volume.volume().availableBlocks()).isEqualTo(before - 5);
            OpenInode.await(f.punchHole(0, 5 * PAGE));
            assertThat(volume.volume().availableBlocks()).isEqualTo(before);
            volume.requireSound();
          }
        });
  }

  @Test
  void noSpaceIsAnsweredOnlyAfterACommit() throws Exception {
    kills(
        Mutant.R20_NO_COMMIT_BEFORE_ENOSPC,
        () -> {
          try (EngineFixture volume = EngineFixture.open(SMALL.withBlocks(64))) {
            OpenInode f = volume.file("/f");
            write(f, 0, bytes('A', 64 * PAGE));
            f.sync(true);
            assertThat(volume.volume().availableBlocks()).isZero();
            OpenInode.await(f.punchHole(0, 8 * PAGE));
            try {
              write(f, 0, bytes('B', 8 * PAGE));
            } catch (FsException full) {
              throw new AssertionError("a commit would have made room", full);
            }
            f.sync(true);
            assertThat(runs(read(f, 0, 9 * PAGE))).isEqualTo("32768*B 4096*A");
            volume.requireSound();
          }
        });
  }

  @Test
  void blocksTakenForACommandThatFailsGoBack() throws Exception {
    kills(
        Mutant.R23_REFUSED_BLOCKS_KEPT,
        () -> {
          FailurePlan plan = new FailurePlan(1);
          FailingDevice device = new FailingDevice(new MemoryDevice(SMALL.blocks() * PAGE), plan);
          try (EngineFixture volume = EngineFixture.open(SMALL, device)) {
            OpenInode f = volume.file("/f");
            write(f, 0, page('A'));
            f.sync(true);
            long free = volume.volume().freeBlocks();
            long available = volume.volume().availableBlocks();
            plan.add(FailurePlan.Failure.once(FailurePlan.Kind.WRITE_ERROR, 1));
            // Four blocks for the hole behind, then the edge fails.
            assertThatThrownBy(() -> OpenInode.await(f.zeroRange(100, 4 * PAGE, false)))
                .isInstanceOf(FsException.class);
            assertThat(volume.volume().freeBlocks()).isEqualTo(free);
            assertThat(volume.volume().availableBlocks()).isEqualTo(available);
            volume.requireSound();
          }
        });
  }

  @Test
  void closingAVolumeSyncsIt() throws Exception {
    kills(
        Mutant.R24_CLOSE_DOES_NOT_SYNC,
        () -> {
          MemoryDevice device = new MemoryDevice(SMALL.blocks() * PAGE);
          EngineFixture volume = EngineFixture.open(SMALL, device);
          OpenInode f = volume.file("/f");
          write(f, 0, page('A'));
          // The device goes with the volume; what it holds then is what a copy made before the end
          // of the log cannot know, so the log is asked.
          volume.close();
          assertThat(volume.durable(f).durableSize()).isEqualTo(PAGE);
          assertThat(volume.durable(f).extents().lookup(0).isWritten()).isTrue();
        });
  }

  @Test
  void punchEvictsUnderTheLockWhateverWasDoneBefore() throws Exception {
    kills(
        Mutant.M7_EVICT_BEFORE_LOCK,
        () -> {
          try (EngineFixture volume = EngineFixture.open(SMALL)) {
            OpenInode f = volume.file("/f");
            write(f, 0, page('A'));
            f.sync(true);
            OpenInode.await(f.punchHole(0, PAGE));
            assertThat(runs(read(f, 0, PAGE))).isEqualTo("4096*0");
          }
        });
  }

  /** The tail is suspect after a crash, and far from where the command is told to work. */
  @Test
  void aZeroThatGrowsTheFileAsksForItsTailToo() throws Exception {
    kills(
        Mutant.RANGE_NARROWED,
        () -> afterACrash(f -> OpenInode.await(f.zeroRange(5 * PAGE, PAGE, false))));
  }

  @Test
  void aTruncateThatGrowsTheFileAsksForItsTailToo() throws Exception {
    kills(Mutant.RANGE_NARROWED, () -> afterACrash(f -> OpenInode.await(f.truncate(40_000))));
  }

  private interface Growth {
    void of(OpenInode file) throws Exception;
  }

  private static void afterACrash(Growth growth) throws Exception {
    EngineFixture.Setup setup = SMALL.withGuard(Guard.RANGE_LOCK);
    MemoryDevice device = new MemoryDevice(setup.blocks() * PAGE);
    try (EngineFixture volume = EngineFixture.open(setup, device)) {
      OpenInode f = volume.file("/f");
      write(f, 0, bytes('A', 2 * PAGE + 100));
      f.sync(true);
      try (EngineFixture after = volume.afterCrash(device.copy())) {
        OpenInode found = after.file("/f");
        growth.of(found);
        assertThat(runs(read(found, 0, 3 * PAGE))).isEqualTo("8292*A 3996*0");
        after.requireSound();
      }
    }
  }
}
