package io.faultline.engine.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.CountingDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Mutant;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: what is written from front to back lies in few pieces and goes out in large requests, also
 * beside other files, with the flusher running all the time. Method: streams much larger than the
 * cache over a device that keeps nothing, since only where the blocks lie is looked at.
 */
@Timeout(120)
class StreamExtentsTest {
  private static final int CHUNK_BYTES = 64 << 10;
  private static final long GIB = 1L << 30;

  /** A sequentially written gibibyte has fewer. */
  private static final int EXTENTS_MAX = 16;

  /**
   * In turn with others and a flusher that comes whenever a busy machine lets it, 7 to 22 were
   * seen; without windows 84 to 113.
   */
  private static final int EXTENTS_IN_TURN_MAX = 48;

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  /** Loses what is written and reads zeros. */
  private record Sink(long sizeBytes) implements BlockDevice {
    @Override
    public void submit(Io io) {
      if (io.op() == Io.Op.READ) {
        for (int i = 0; i < io.pieces(); i++) {
          io.memory().asSlice(io.pieceOffset(i), Io.PIECE_BYTES).fill((byte) 0);
        }
      }
      io.complete(null);
    }

    @Override
    public DeviceCapabilities capabilities() {
      return new DeviceCapabilities(true, true, Io.PIECE_BYTES, "sink");
    }

    @Override
    public void close() {}
  }

  private static EngineFixture.Setup setup(long bytes, int frames, long commitMillis) {
    return new EngineFixture.Setup(
        bytes / EngineFixture.PAGE,
        frames,
        Guard.MAPPING_LOCK,
        BlockAllocator.Policy.NEXT_FIT,
        TimeUnit.MILLISECONDS.toNanos(commitMillis));
  }

  /** The extents of {@code files} streams of {@code bytes} each, written in turn and synced. */
  private static List<Integer> extents(
      EngineFixture.Setup setup, int files, long bytes, int chunkBytes) throws Exception {
    try (EngineFixture volume =
        EngineFixture.open(setup, new Sink(setup.blocks() * EngineFixture.PAGE))) {
      List<OpenInode> open = new ArrayList<>();
      for (int i = 0; i < files; i++) {
        open.add(volume.file("/" + i));
      }
      ByteBuffer chunk = ByteBuffer.allocateDirect(chunkBytes);
      for (long at = 0; at < bytes; at += chunkBytes) {
        for (OpenInode file : open) {
          assertThat(file.write(chunk.clear(), at)).isEqualTo(chunkBytes);
        }
      }
      List<Integer> found = new ArrayList<>();
      for (OpenInode file : open) {
        file.sync(true);
        assertThat(file.vnode().inode().extents().blocks()).isEqualTo(bytes / EngineFixture.PAGE);
        found.add(file.vnode().inode().extents().size());
      }
      volume.requireSound();
      return found;
    }
  }

  @Test
  void aStreamLiesInFewPiecesThoughTheFlusherTakesWhatThereIs() throws Exception {
    assertThat(extents(setup(2 * GIB, 2_048, 10), 1, GIB / 4, CHUNK_BYTES))
        .allSatisfy(n -> assertThat(n).isLessThan(EXTENTS_MAX));
  }

  @Test
  void filesWrittenInTurnLieInFewPiecesEach() throws Exception {
    EngineFixture.Setup setup = setup(2 * GIB, 2_048, 10);
    assertThat(extents(setup, 3, GIB / 4, CHUNK_BYTES))
        .allSatisfy(n -> assertThat(n).isLessThan(EXTENTS_IN_TURN_MAX));
    Mutant.activate(Mutant.ALLOCATION_WITHOUT_WINDOW);
    assertThat(extents(setup, 3, GIB / 4, CHUNK_BYTES))
        .anySatisfy(n -> assertThat(n).isGreaterThan(EXTENTS_IN_TURN_MAX));
  }

  @Test
  @Tag("deep")
  void gibibytesWrittenInTurnLieInFewPiecesEach() throws Exception {
    // With 8 MiB for three streams 17 pieces were seen as well as 12.
    for (int frames : new int[] {8_192, 65_536}) {
      assertThat(extents(setup(4 * GIB, frames, 50), 3, GIB, CHUNK_BYTES))
          .as("cache of %s frames", frames)
          .allSatisfy(n -> assertThat(n).isLessThan(EXTENTS_MAX));
    }
  }

  /** Nobody else can use what a window keeps free, until nothing else is. */
  @Test
  void aFullVolumeIsFullToTheLastBlock() throws Exception {
    EngineFixture.Setup setup = setup(64L << 20, 2_048, 10_000);
    assertThat(extents(setup, 4, 16L << 20, EngineFixture.PAGE)).hasSize(4);
  }

  @Test
  void pagesThatFollowEachOtherGoOutInRequestsOfAMebibyte() throws Exception {
    EngineFixture.Setup setup = setup(GIB, 32_768, 3_600_000);
    CountingDevice device = new CountingDevice(new Sink(setup.blocks() * EngineFixture.PAGE));
    try (EngineFixture volume = EngineFixture.open(setup, device)) {
      OpenInode file = volume.file("/f");
      // Fewer dirty pages than the flusher would come for.
      EngineFixture.write(file, 0, new byte[16 << 20]);
      file.sync(true);
      assertThat(device.writes()).isEqualTo(16);
      assertThat(device.bytesWritten()).isEqualTo(16L << 20);
    }
  }
}
