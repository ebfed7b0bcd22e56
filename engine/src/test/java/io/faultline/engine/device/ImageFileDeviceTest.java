package io.faultline.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: an image file gives back what was written, by every way of access, through interrupts,
 * signals, short transfers and refusals. Method: random transfers against a byte array, and system
 * calls that misbehave on demand.
 */
@Timeout(120)
class ImageFileDeviceTest {
  private static final long SIZE = 96 * 4096;

  @TempDir Path dir;

  private Path image() {
    return dir.resolve("blocks.img");
  }

  private static Syscalls real() {
    Optional<Syscalls> calls = ImageFileDevice.syscalls();
    assumeTrue(calls.isPresent(), "system calls by FFM");
    return calls.get();
  }

  /** System calls that hit trouble: each hook may replace a result. */
  private static class Troubled implements Syscalls {
    final Syscalls real = real();
    final AtomicInteger transfers = new AtomicInteger();
    int syncs;

    @Override
    public int open(String path, int flags, int mode) {
      return real.open(path, flags, mode);
    }

    @Override
    public long preadv(int fd, MemorySegment vector, int count, long offset) {
      transfers.incrementAndGet();
      return real.preadv(fd, vector, count, offset);
    }

    @Override
    public long pwritev(int fd, MemorySegment vector, int count, long offset) {
      transfers.incrementAndGet();
      return real.pwritev(fd, vector, count, offset);
    }

    @Override
    public int fdatasync(int fd) {
      syncs++;
      return real.fdatasync(fd);
    }

    @Override
    public int ftruncate(int fd, long lengthBytes) {
      return real.ftruncate(fd, lengthBytes);
    }

    @Override
    public int punch(int fd, long offset, long lengthBytes) {
      return real.punch(fd, offset, lengthBytes);
    }

    @Override
    public long length(int fd) {
      return real.length(fd);
    }

    @Override
    public int makeBuffered(int fd) {
      return real.makeBuffered(fd);
    }

    @Override
    public int close(int fd) {
      return real.close(fd);
    }
  }

  private ImageFileDevice create(Optional<Syscalls> calls) throws IOException {
    return ImageFileDevice.open(image(), true, SIZE, false, 2, calls);
  }

  @Test
  void scatteredTransfersMatchAByteArrayThroughSystemCalls() throws IOException {
    try (ImageFileDevice device = create(Optional.of(real()));
        Arena arena = Arena.ofShared()) {
      boolean direct = device.capabilities().direct();
      assertThat(Blocks.againstModel(device, arena.allocate(64 * 4096, 4096), 1, 600))
          .isGreaterThan(1000);
      // Misaligned memory was bounced, not answered with EINVAL and buffered transfers ever after.
      assertThat(device.capabilities().direct()).isEqualTo(direct);
      device.run(Io.flush());
    }
  }

  @Test
  void scatteredTransfersMatchAByteArrayBufferedAndFromHeapMemory() throws IOException {
    Syscalls noDirect =
        new Troubled() {
          @Override
          public int open(String path, int flags, int mode) {
            int direct = LinuxSyscalls.directFlag(System.getProperty("os.arch"));
            return (flags & direct) != 0 ? -EINVAL : super.open(path, flags, mode);
          }
        };
    try (ImageFileDevice device = create(Optional.of(noDirect))) {
      assertThat(device.capabilities().direct()).isFalse();
      MemorySegment heap = MemorySegment.ofArray(new long[64 * 512]);
      assertThat(Blocks.againstModel(device, heap, 2, 600)).isGreaterThan(1000);
    }
  }

  @Test
  void scatteredTransfersMatchAByteArrayThroughFileChannel() throws IOException {
    try (ImageFileDevice device = create(Optional.empty());
        Arena arena = Arena.ofShared()) {
      assertThat(device.capabilities().description()).contains("FileChannel");
      assertThat(Blocks.againstModel(device, arena.allocate(64 * 4096, 4096), 3, 600))
          .isGreaterThan(1000);
    }
  }

  @Test
  void thePropertySwitchesNativeAccessOff() throws IOException {
    System.setProperty(ImageFileDevice.NATIVE_PROPERTY, "off");
    try (ImageFileDevice device = ImageFileDevice.open(image(), true, SIZE, false)) {
      assertThat(device.capabilities().description()).contains("FileChannel");
    } finally {
      System.clearProperty(ImageFileDevice.NATIVE_PROPERTY);
    }
  }

  @Test
  void aDirectTransferRefusedLaterFallsBackToBuffered() throws IOException {
    AtomicBoolean refused = new AtomicBoolean();
    Syscalls picky =
        new Troubled() {
          @Override
          public long pwritev(int fd, MemorySegment vector, int count, long offset) {
            return refused.compareAndSet(false, true)
                ? -EINVAL
                : super.pwritev(fd, vector, count, offset);
          }
        };
    try (ImageFileDevice device = create(Optional.of(picky))) {
      assumeTrue(device.capabilities().direct(), "host takes O_DIRECT");
      device.run(Blocks.write(3, 7));
      assertThat(device.capabilities().direct()).isFalse();
      assertThat(Blocks.read(device, 3)).isEqualTo(Blocks.filled(7));
    }
  }

  @Test
  void interruptedAndShortTransfersGoOnToTheEnd() throws IOException {
    AtomicInteger shortened = new AtomicInteger();
    Syscalls hesitant =
        new Troubled() {
          @Override
          public long preadv(int fd, MemorySegment vector, int count, long offset) {
            int n = transfers.get();
            return n % 3 == 0 ? trouble() : super.preadv(fd, cut(vector, n), 1, offset);
          }

          @Override
          public long pwritev(int fd, MemorySegment vector, int count, long offset) {
            int n = transfers.get();
            return n % 3 == 0 ? trouble() : super.pwritev(fd, cut(vector, n), 1, offset);
          }

          private long trouble() {
            transfers.incrementAndGet();
            return -EINTR;
          }

          private MemorySegment cut(MemorySegment vector, int n) {
            long length = vector.get(java.lang.foreign.ValueLayout.JAVA_LONG, 8);
            long less = n % 3 == 1 && length > 512 ? 512L * (1 + n % 7) : length;
            if (less < length) {
              shortened.incrementAndGet();
              vector.set(java.lang.foreign.ValueLayout.JAVA_LONG, 8, less);
            }
            return vector;
          }
        };
    try (ImageFileDevice device = create(Optional.of(hesitant));
        Arena arena = Arena.ofShared()) {
      assertThat(Blocks.againstModel(device, arena.allocate(64 * 4096, 4096), 4, 200))
          .isGreaterThan(200);
    }
    assertThat(shortened).hasValueGreaterThan(100);
  }

  @Test
  void anErrorNamesFileOffsetLengthAndErrno() throws IOException {
    Syscalls broken =
        new Troubled() {
          @Override
          public long preadv(int fd, MemorySegment vector, int count, long offset) {
            return -EIO;
          }
        };
    try (ImageFileDevice device = create(Optional.of(broken))) {
      assertThatThrownBy(() -> Blocks.read(device, 5))
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll("blocks.img", "20480", "4096", "EIO");
      device.run(Blocks.write(5, 1)); // the device itself is well
    }
  }

  @Test
  void aFailedFlushIsNeverFollowedByASuccessfulOne() throws IOException {
    Troubled once =
        new Troubled() {
          @Override
          public int fdatasync(int fd) {
            return ++syncs == 1 ? -EIO : real.fdatasync(fd);
          }
        };
    try (ImageFileDevice device = create(Optional.of(once))) {
      assertThatThrownBy(() -> device.run(Io.flush())).hasMessageContaining("EIO");
      assertThatThrownBy(() -> device.run(Io.flush())).hasMessageContaining("earlier flush");
      assertThat(once.syncs).isEqualTo(1); // not even asked again
    }
  }

  @Test
  void interruptingCallersNeverClosesTheImage() throws Exception {
    for (Optional<Syscalls> calls :
        List.of(ImageFileDevice.syscalls(), Optional.<Syscalls>empty())) {
      Files.deleteIfExists(image());
      try (ImageFileDevice device = create(calls)) {
        device.run(Blocks.write(1, 9));
        AtomicReference<Throwable> broken = new AtomicReference<>();
        AtomicInteger interruptsSeen = new AtomicInteger();
        List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          Runnable body =
              () -> {
                try {
                  for (int n = 0; n < 300; n++) {
                    Thread.currentThread().interrupt();
                    assertThat(Blocks.read(device, 1)).isEqualTo(Blocks.filled(9));
                    interruptsSeen.addAndGet(Thread.interrupted() ? 1 : 0);
                  }
                } catch (Throwable t) {
                  broken.set(t);
                }
              };
          readers.add(
              i % 2 == 0 ? Thread.ofPlatform().start(body) : Thread.ofVirtual().start(body));
        }
        for (Thread r : readers) {
          r.join();
        }
        assertThat(broken.get()).isNull();
        assertThat(interruptsSeen).hasValue(1200);
        device.run(Io.flush());
      }
    }
  }

  @Test
  void virtualCallersAreServedByThePoolAndPlatformCallersServeThemselves() throws Exception {
    AtomicReference<String> thread = new AtomicReference<>("");
    Syscalls spying =
        new Troubled() {
          @Override
          public long preadv(int fd, MemorySegment vector, int count, long offset) {
            thread.set(Thread.currentThread().getName());
            return super.preadv(fd, vector, count, offset);
          }
        };
    try (ImageFileDevice device = create(Optional.of(spying))) {
      Blocks.read(device, 0);
      assertThat(thread.get()).isEqualTo(Thread.currentThread().getName());
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  Blocks.read(device, 0);
                } catch (IOException e) {
                  thread.set("failed " + e);
                }
              })
          .join();
      assertThat(thread.get()).startsWith("faultline-io-");
    }
  }

  @Test
  void aShortFileIsRefusedWithBothFiguresAndNotChanged() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(image().toFile(), "rw")) {
      file.setLength(SIZE - 1);
    }
    assertThatThrownBy(() -> ImageFileDevice.open(image(), false, SIZE, false))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("" + (SIZE - 1), "" + SIZE);
    assertThat(Files.size(image())).isEqualTo(SIZE - 1);
  }

  @Test
  void creatingIsSparseAndNeverOverwrites() throws IOException {
    for (Optional<Syscalls> calls :
        List.of(ImageFileDevice.syscalls(), Optional.<Syscalls>empty())) {
      Files.deleteIfExists(image());
      ImageFileDevice.open(image(), true, 1L << 40, false, 1, calls).close();
      assertThat(Files.size(image())).isEqualTo(1L << 40);
      assertThatThrownBy(() -> create(calls)).isInstanceOf(FileAlreadyExistsException.class);
      Files.delete(image());
      assertThatThrownBy(() -> ImageFileDevice.open(image(), false, SIZE, false, 1, calls))
          .isInstanceOf(NoSuchFileException.class);
    }
  }

  @Test
  void aReadOnlyImageReadsAndRefusesToWrite() throws IOException {
    try (ImageFileDevice device = create(ImageFileDevice.syscalls())) {
      device.run(Blocks.write(2, 5));
    }
    try (ImageFileDevice device = ImageFileDevice.open(image(), false, SIZE, true)) {
      assertThat(Blocks.read(device, 2)).isEqualTo(Blocks.filled(5));
      assertThatThrownBy(() -> device.run(Blocks.write(2, 6))).hasMessageContaining("read-only");
      assertThat(Blocks.read(device, 2)).isEqualTo(Blocks.filled(5));
    }
  }

  @Test
  void aDiscardGivesSpaceBackAndOneThatIsRefusedIsHarmless() throws IOException {
    try (ImageFileDevice device = create(Optional.of(real()))) {
      device.run(Blocks.write(4, 5));
      device.run(Io.discard(4 * 4096, 4096));
      assertThat(Blocks.read(device, 4)).isEqualTo(new byte[4096]);
    }
    Files.delete(image());
    Syscalls unable =
        new Troubled() {
          @Override
          public int punch(int fd, long offset, long lengthBytes) {
            return -EOPNOTSUPP;
          }
        };
    try (ImageFileDevice device = create(Optional.of(unable))) {
      device.run(Blocks.write(4, 5));
      device.run(Io.discard(4 * 4096, 4096));
      assertThat(device.capabilities().discards()).isFalse();
      assertThat(Blocks.read(device, 4)).isEqualTo(Blocks.filled(5));
    }
  }

  @Test
  void closingWaitsForWhatIsInFlightAndRefusesTheRest() throws IOException {
    ImageFileDevice device = create(ImageFileDevice.syscalls());
    List<Io> batch = new ArrayList<>();
    for (int i = 0; i < 90; i++) {
      batch.add(Blocks.write(i, i + 1));
    }
    device.submit(batch);
    device.close();
    for (Io io : batch) {
      assertThat(io.isDone()).isTrue();
      io.await();
    }
    assertThatThrownBy(() -> Blocks.read(device, 0)).hasMessageContaining("closed");
    Io late = Blocks.write(0, 1);
    device.submit(late);
    assertThatThrownBy(late::await).hasMessageContaining("closed");
    try (ImageFileDevice again = ImageFileDevice.open(image(), false, SIZE, false)) {
      for (int i = 0; i < 90; i++) {
        assertThat(Blocks.read(again, i)).isEqualTo(Blocks.filled(i + 1));
      }
    }
  }
}
