package io.faultline.soak.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.inode.Inode;
import io.faultline.engine.runtime.Barrier;
import io.faultline.soak.crash.CrashCampaign.Extent;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: whatever a power cut leaves of the media at any moment of a short sequence, recovery comes
 * to a state that the independent model allows, and so does a recovery that is cut short. Each
 * flush and barrier of the engine is left out once, and the same sequences have to show it.
 */
@Timeout(1_800)
class CrashExplorerTest {
  private static CrashReport run(Extent extent, @Nullable Barrier omitted) throws IOException {
    return CrashCampaign.run(new CrashCampaign.Options(Duration.ofHours(1), extent, omitted, 1, 2));
  }

  @Test
  void theSampleHolds() throws IOException {
    CrashReport report = run(Extent.SAMPLE, null);
    assertThat(report.finding()).isEmpty();
    // What is explored must not melt away unnoticed.
    assertThat(report.figure("sequences")).isGreaterThan(90);
    assertThat(report.figure("crashStates")).isGreaterThan(25_000);
    assertThat(report.figure("distinctStates")).isGreaterThan(3_000);
    assertThat(report.figure("fullRecoveries")).isGreaterThan(300);
    assertThat(report.figure("crashesInRecovery")).isGreaterThan(100);
    assertThat(report.figure("deepestRecovery")).isEqualTo(2);
    assertThat(report.figure("lostBarriers")).isGreaterThan(1_000);
    assertThat(report.figure("checkpoints")).isGreaterThan(60);
    assertThat(report.figure("segmentsDropped")).isGreaterThan(90);
  }

  @Test
  @Tag("deep")
  void everySequenceOfTwoOperationsHolds() throws IOException {
    CrashReport report = run(Extent.PAIRS, null);
    assertThat(report.finding()).isEmpty();
    assertThat(report.figure("sequences")).isGreaterThan(7_000);
  }

  @ParameterizedTest
  @EnumSource(Barrier.class)
  void whatIsLeftOutIsFoundInTheSample(Barrier site) throws IOException {
    Omissions.Row row = Omissions.search(site, 1);
    assertThat(row.finding()).as(row.text()).isPresent();
  }

  /**
   * Each was a failure of the engine or of what was expected of it. Without the barrier that cured
   * it, it is one again: the moment is still the one that matters.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // Read behind a kill, synced again, and lost: nobody had written since.
        "truncate /a 5000; fsync /a @ kill 11 > power 21 - | REOPENED_IMAGE_FLUSH",
        "write /a 1000 6000 101; punch /a 100 9000; fsync /a @ kill 14 > power 22 -"
            + " | REOPENED_IMAGE_FLUSH",
        // Being written back by another when the interval was over: not in that commit.
        "write /n 0 8192 101; writeback-elsewhere /n; interval @ power 19 - | WRITEBACK_WAIT",
        // Overwritten in place behind the last event of an interval: committed, not flushed.
        "write /a 4096 4096 101; punch /a 100 200; fsync /b; interval @ power 22 -"
            + " | INTERVAL_IMAGE_FLUSH",
        // A volume that had its superblock and not yet, durably, its image.
        "mkfs; @ power 12 0.3 | VOLUME_PARTS_SYNC",
      })
  void holdsWithTheBarrierAlone(String trail, Barrier barrier) throws IOException {
    assertThat(CrashCampaign.replay(trail, null, 1)).isEmpty();
    assertThat(CrashCampaign.replay(trail, barrier, 1)).isPresent();
  }

  /** A page carries what an earlier change did to it, though that change is lost. */
  @Test
  void aPageWrittenMayCarryAnEarlierChange() throws IOException {
    String trail = "zero /a 4096 4096; write /a 1000 6000 101; fsync /a @ power 15 0~1:7";
    assertThat(CrashCampaign.replay(trail, null, 1)).isEmpty();
  }

  @Test
  void whatWasFoundIsFoundAgainFromItsText() throws IOException {
    CrashFinding found = Omissions.search(Barrier.EDGE_MOVES_WAIT, 1).finding().orElseThrow();
    Optional<CrashFinding> again = CrashCampaign.replay(found.trail(), Barrier.EDGE_MOVES_WAIT, 1);
    assertThat(again).isEqualTo(Optional.of(found));
    assertThat(found.line()).startsWith("VIOLATION kind=crash-lost ");
    assertThat(CrashCampaign.replay(found.trail(), null, 1)).isEmpty();
  }

  /** The two ways to recover are compared; here one of them is told something else. */
  @Test
  void theTwoWaysToRecoverAreCompared() throws IOException {
    MediaState state = Recording.setup(new UUID(7, 7));
    ReplayRecovery.Outcome right = new ReplayRecovery().recover(state);
    assertThat(Resumption.of(new Medium(state), right).problem()).isEmpty();
    MediaState other = state.copy();
    long ino = Objects.requireNonNull(right.found().names().get("/a")).ino();
    Inode.RegularFile file = Objects.requireNonNull(right.files().get(ino));
    int block = Math.toIntExact(file.extents().lookup(1).physical());
    other.put(block, Block.filled((byte) 77));
    ReplayRecovery.Outcome wrong = new ReplayRecovery().recover(other);
    assertThat(Resumption.of(new Medium(state), wrong).problem()).startsWith("paths-differ");
  }
}
