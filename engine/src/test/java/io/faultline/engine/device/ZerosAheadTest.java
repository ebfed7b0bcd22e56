package io.faultline.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: zeros are written ahead of the writes, and no byte that anybody wrote is ever replaced by
 * one. Method: an image in memory that tells what is done to it and lets a test act in between.
 */
@Timeout(60)
class ZerosAheadTest {
  private static final int PIECE = Io.PIECE_BYTES;
  private static final int CHUNK = 1 << 20;
  private static final long SIZE = 8L * CHUNK;

  /** An image file; what is written to it is remembered as {@code [from, to)}. */
  private static final class Image implements ImageFile {
    final MemorySegment bytes = Arena.ofAuto().allocate(SIZE);
    final List<String> written = new ArrayList<>();
    Runnable afterRead = () -> {};
    boolean full;

    @Override
    public void transfer(Io io) throws IOException {
      boolean read = io.op() == Io.Op.READ;
      synchronized (this) {
        if (!read && full) {
          throw new IOException("ENOSPC");
        }
        for (int i = 0; i < io.pieces(); i++) {
          long at = io.deviceOffset() + (long) i * PIECE;
          if (read) {
            MemorySegment.copy(bytes, at, io.memory(), io.pieceOffset(i), PIECE);
          } else {
            MemorySegment.copy(io.memory(), io.pieceOffset(i), bytes, at, PIECE);
          }
        }
        if (!read) {
          written.add(io.deviceOffset() + "-" + (io.deviceOffset() + io.lengthBytes()));
        }
      }
      if (read) {
        afterRead.run();
      }
    }

    byte at(long offset) {
      return bytes.get(ValueLayout.JAVA_BYTE, offset);
    }

    @Override
    public void sync() {}

    @Override
    public void discard(long offset, long lengthBytes) {}

    @Override
    public long length() {
      return SIZE;
    }

    @Override
    public boolean direct() {
      return true;
    }

    @Override
    public boolean discards() {
      return false;
    }

    @Override
    public boolean anyThread() {
      return true;
    }

    @Override
    public String access() {
      return "memory";
    }

    @Override
    public void close() {}
  }

  private final Image image = new Image();
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final ZerosAhead zeros = new ZerosAhead(image, SIZE, tasks::add);

  /** Writes one piece of sevens. */
  private void write(long offset) throws IOException {
    zeros.write(Io.write(offset, MemorySegment.ofArray(sevens()), new long[] {0}, 1));
  }

  private static byte[] sevens() {
    byte[] piece = new byte[PIECE];
    java.util.Arrays.fill(piece, (byte) 7);
    return piece;
  }

  private void runTasks() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  @Test
  void zerosComeBehindTheHighestWriteAndAgainWhenHalfOfThemAreUsed() throws IOException {
    write(0);
    runTasks();
    assertThat(image.written).containsExactly("0-4096", "4096-" + (PIECE + CHUNK));
    image.written.clear();
    // Twice as many are wanted now, so half of that is more than there is.
    write(PIECE);
    runTasks();
    assertThat(image.written)
        .containsExactly(
            "4096-8192",
            (PIECE + CHUNK) + "-" + (PIECE + 2 * CHUNK),
            (PIECE + 2 * CHUNK) + "-" + (PIECE + 3 * CHUNK));
    assertThat(image.at(PIECE)).isEqualTo((byte) 7);
    image.written.clear();
    write(2L * PIECE);
    runTasks();
    write(0);
    runTasks();
    assertThat(image.written).contains("0-4096").last().isEqualTo("0-4096");
  }

  @Test
  void theEndOfTheDeviceIsTheirEnd() throws IOException {
    write(SIZE - 3L * PIECE);
    runTasks();
    write(SIZE - PIECE);
    runTasks();
    assertThat(image.written)
        .containsExactly(
            (SIZE - 3L * PIECE) + "-" + (SIZE - 2L * PIECE),
            (SIZE - 2L * PIECE) + "-" + SIZE,
            (SIZE - PIECE) + "-" + SIZE);
    assertThat(image.at(SIZE - 1)).isEqualTo((byte) 7);
  }

  @Test
  void whatAnEarlierOpeningWroteIsLeftAlone() throws IOException {
    image.bytes.set(ValueLayout.JAVA_BYTE, CHUNK, (byte) 5);
    write(0);
    runTasks();
    assertThat(image.written).containsExactly("0-4096");
    assertThat(image.at(CHUNK)).isEqualTo((byte) 5);
  }

  @Test
  void writeBetweenTheLookAndTheZerosWaitsForThem() throws Exception {
    List<Thread> writers = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    image.afterRead =
        () -> {
          Thread writer =
              Thread.ofPlatform()
                  .daemon()
                  .start(
                      () -> {
                        try {
                          write(CHUNK / 2);
                        } catch (IOException e) {
                          failures.add(e);
                        }
                      });
          writers.add(writer);
          // Either it waits, as it must, or it has written already.
          while (writer.getState() != Thread.State.WAITING
              && writer.getState() != Thread.State.TERMINATED) {
            Thread.onSpinWait();
          }
        };
    write(0);
    Objects.requireNonNull(tasks.poll()).run();
    image.afterRead = () -> {};
    for (Thread writer : writers) {
      writer.join();
    }
    assertThat(writers).isNotEmpty();
    assertThat(failures).isEmpty();
    assertThat(image.at(CHUNK / 2)).isEqualTo((byte) 7);
  }

  @Test
  void fullHostEndsThemAndNothingElse() throws IOException {
    write(0);
    image.full = true;
    runTasks();
    assertThatThrownBy(() -> write(PIECE)).hasMessage("ENOSPC");
    image.full = false;
    write(PIECE);
    write(4L * CHUNK);
    assertThat(tasks).isEmpty();
    assertThat(image.written)
        .containsExactly("0-4096", "4096-8192", (4L * CHUNK) + "-" + (4L * CHUNK + PIECE));
  }

  @Test
  void stoppedTheyAreNotWritten() throws IOException {
    write(0);
    zeros.stop();
    runTasks();
    assertThat(image.written).containsExactly("0-4096");
  }
}
