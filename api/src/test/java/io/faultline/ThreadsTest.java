package io.faultline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Goal: threads of either kind may wait, in any number, be interrupted, and hinder nobody else. */
@Timeout(60)
class ThreadsTest {
  private static final long SIZE_BYTES = 16L << 20;
  private static final int READERS = 1_000;

  /** Keeps reads back while it is shut, without holding a thread, as a slow device does. */
  private static final class HeldReads implements BlockDevice {
    private final BlockDevice below;
    private final Queue<Io> held = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile boolean shut;

    HeldReads(BlockDevice below) {
      this.below = below;
    }

    @Override
    public long sizeBytes() {
      return below.sizeBytes();
    }

    @Override
    public DeviceCapabilities capabilities() {
      return below.capabilities();
    }

    @Override
    public void submit(Io io) {
      if (shut && io.op() == Io.Op.READ) {
        held.add(io);
        waiting.incrementAndGet();
      } else {
        below.submit(io);
      }
    }

    void open() {
      shut = false;
      for (Io io = held.poll(); io != null; io = held.poll()) {
        below.submit(io);
      }
    }

    void awaitWaiting(int reads) {
      while (waiting.get() < reads) {
        Thread.onSpinWait();
      }
    }

    @Override
    public void close() throws IOException {
      below.close();
    }
  }

  private static void write(Volume volume, String path, int pages, int fill) throws IOException {
    byte[] bytes = new byte[pages * 4_096];
    Arrays.fill(bytes, (byte) fill);
    try (OpenFile file = volume.open(path, CREATE, WRITE)) {
      file.write(ByteBuffer.wrap(bytes), 0);
      file.sync();
    }
  }

  private record Seen(int value, boolean interrupted) {}

  private static Seen read(OpenFile file, long position) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    file.read(one, position);
    return new Seen(one.get(0), Thread.currentThread().isInterrupted());
  }

  private static Thread start(boolean virtual, Runnable body) {
    return virtual ? Thread.ofVirtual().start(body) : Thread.ofPlatform().start(body);
  }

  /** Interrupted before, with the page cached or not. */
  private static Seen readInterrupted(OpenFile file, boolean virtual) throws Exception {
    AtomicReference<Object> seen = new AtomicReference<>("nothing");
    start(
            virtual,
            () -> {
              Thread.currentThread().interrupt();
              try {
                seen.set(read(file, 0));
              } catch (IOException e) {
                seen.set(e);
              }
            })
        .join();
    return (Seen) seen.get();
  }

  @Test
  void interruptedReadersReadOnAndKeepTheirFlag() throws Exception {
    AtomicReference<HeldReads> gate = new AtomicReference<>();
    try (PowerCutVolume subject =
        new PowerCutVolume(
            SIZE_BYTES,
            below -> {
              gate.set(new HeldReads(below));
              return gate.get();
            })) {
      Volume volume = subject.volume();
      write(volume, "/f", 4, 7);
      try (OpenFile file = volume.open("/f")) {
        for (boolean virtual : List.of(false, true)) {
          volume.dropCaches();
          assertThat(readInterrupted(file, virtual)).as("miss").isEqualTo(new Seen(7, true));
          assertThat(readInterrupted(file, virtual)).as("hit").isEqualTo(new Seen(7, true));
          interruptedDuring(volume, file, gate.get(), virtual);
        }
      }
      write(volume, "/still open", 1, 1);
      assertThat(volume.isOpen()).isTrue();
    }
  }

  /** One waits for the device, the other for the page the first one fills; both are interrupted. */
  private static void interruptedDuring(
      Volume volume, OpenFile file, HeldReads gate, boolean virtual) throws Exception {
    volume.dropCaches();
    int before = gate.waiting.get();
    gate.shut = true;
    List<AtomicReference<Object>> seen = new ArrayList<>();
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      AtomicReference<Object> mine = new AtomicReference<>("nothing");
      seen.add(mine);
      readers.add(
          start(
              virtual,
              () -> {
                try {
                  mine.set(read(file, 100));
                } catch (IOException e) {
                  mine.set(e);
                }
              }));
    }
    gate.awaitWaiting(before + 1);
    for (Thread reader : readers) {
      while (reader.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      reader.interrupt();
    }
    gate.open();
    for (Thread reader : readers) {
      reader.join();
    }
    assertThat(seen).allSatisfy(s -> assertThat(s.get()).isEqualTo(new Seen(7, true)));
  }

  private interface Action {
    void run() throws IOException;
  }

  /** What {@code action} threw, or whether its thread is still interrupted behind it. */
  private static Object interrupted(boolean virtual, Action action) throws Exception {
    AtomicReference<Object> seen = new AtomicReference<>("nothing");
    start(
            virtual,
            () -> {
              Thread.currentThread().interrupt();
              try {
                action.run();
                seen.set(Thread.currentThread().isInterrupted());
              } catch (Throwable e) {
                seen.set(e);
              }
            })
        .join();
    return seen.get();
  }

  /**
   * Commits and commands run actors' turns on the caller's thread, and Akka ends a turn's run where
   * it finds the thread interrupted.
   */
  @Test
  void whateverAnInterruptedThreadChangesIsDoneAndTheFlagStays(@TempDir Path directory)
      throws Exception {
    VolumeOptions options = VolumeOptions.defaults().size("16m").cacheSize("1m");
    for (boolean virtual : List.of(false, true)) {
      Path place = directory.resolve(virtual ? "virtual" : "platform");
      AtomicReference<Volume> made = new AtomicReference<>();
      assertThat(interrupted(virtual, () -> made.set(Volume.create(place, options))))
          .as("create")
          .isEqualTo(true);
      Volume volume = made.get();
      try (OpenFile file = volume.open("/f", CREATE, READ, WRITE)) {
        Map<String, Action> actions = new LinkedHashMap<>();
        actions.put("write", () -> file.write(ByteBuffer.allocate(40_000), 0));
        actions.put("sync", file::sync);
        actions.put("punch", () -> file.punchHole(100, 9_000));
        actions.put("insert", () -> file.insertRange(4_096, 4_096));
        actions.put("truncate", () -> file.truncate(20_000));
        actions.put("mkdir", () -> volume.mkdir("/d"));
        actions.put("rename", () -> volume.rename("/f", "/d/g"));
        actions.put("volume sync", volume::sync);
        actions.put("drop caches", volume::dropCaches);
        actions.put("stage", () -> file.async().truncate(10).toCompletableFuture().join());
        for (Map.Entry<String, Action> action : actions.entrySet()) {
          assertThat(interrupted(virtual, action.getValue()))
              .as(action.getKey() + (virtual ? ", virtual" : ", platform"))
              .isEqualTo(true);
        }
        interruptedAgainAndAgain(virtual, file);
        assertThat(file.size()).isEqualTo(4_096);
      }
      assertThat(interrupted(virtual, volume::close)).as("close").isEqualTo(true);
      assertThat(Volume.check(place).findings()).isEmpty();
    }
  }

  /** Interrupts wherever they fall, also inside a turn. */
  private static void interruptedAgainAndAgain(boolean virtual, OpenFile file) throws Exception {
    AtomicReference<Object> seen = new AtomicReference<>("nothing");
    Thread worker =
        start(
            virtual,
            () -> {
              try {
                for (int i = 0; i < 100; i++) {
                  file.write(ByteBuffer.allocate(4_096), 0);
                  file.sync();
                  file.punchHole(0, 4_096);
                  file.truncate(4_096);
                }
                seen.set("done");
              } catch (Throwable e) {
                seen.set(e);
              }
            });
    while (worker.isAlive()) {
      worker.interrupt();
      Thread.onSpinWait();
    }
    assertThat(seen.get()).isEqualTo("done");
  }

  /**
   * All readers wait for the device and go on waiting; a punch, and a read of what is cached, of
   * other files are done all the same. Nothing here depends on how long anything takes.
   */
  @Test
  void aThousandWaitingReadersHinderNobody() throws Exception {
    AtomicReference<HeldReads> gate = new AtomicReference<>();
    try (PowerCutVolume subject =
            new PowerCutVolume(
                SIZE_BYTES,
                8L << 20,
                below -> {
                  gate.set(new HeldReads(below));
                  return gate.get();
                });
        OpenFile file = readable(subject.volume(), "/f", READERS, 5)) {
      Volume volume = subject.volume();
      volume.dropCaches();
      OpenFile other = readable(volume, "/g", 16, 6);
      file.advise(0, 0, Advice.RANDOM);
      gate.get().shut = true;
      CountDownLatch done = new CountDownLatch(READERS);
      AtomicInteger right = new AtomicInteger();
      for (int i = 0; i < READERS; i++) {
        long position = i * 4_096L;
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    right.addAndGet(read(file, position).value() == 5 ? 1 : 0);
                  } catch (IOException e) {
                    right.addAndGet(-READERS);
                  } finally {
                    done.countDown();
                  }
                });
      }
      gate.get().awaitWaiting(READERS);
      other.punchHole(4_096, 4 * 4_096);
      assertThat(read(other, 4_096).value()).isZero();
      assertThat(read(other, 0).value()).isEqualTo(6);
      write(volume, "/h", 4, 8);
      assertThat(done.getCount()).as("readers that still wait").isEqualTo(READERS);
      gate.get().open();
      done.await();
      assertThat(right).hasValue(READERS);
      other.close();
    }
  }

  private static OpenFile readable(Volume volume, String path, int pages, int fill)
      throws IOException {
    write(volume, path, pages, fill);
    return volume.open(path, READ, WRITE);
  }

  @Test
  void everySyncOfSomethingWrittenFlushesTheDevice() throws IOException {
    try (PowerCutVolume subject = new PowerCutVolume(SIZE_BYTES);
        OpenFile file = subject.volume().open("/f", CREATE, WRITE)) {
      long before = subject.recording().flushes();
      for (int i = 0; i < 200; i++) {
        file.write(ByteBuffer.wrap(new byte[] {(byte) i}), i % 3);
        file.sync();
        assertThat(subject.recording().flushes()).isGreaterThan(before + i);
      }
      assertThat(subject.volume().metrics().get("imageFlushes")).isGreaterThanOrEqualTo(200);
    }
  }
}
