package io.faultline.engine.pagecache;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.volume.OpenInode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: a file that is read in order is read ahead in large requests of which several are under
 * way, nothing is read twice, and nothing is read ahead where nobody reads in order. Method: a
 * device that writes down every read and can hold those that nobody waits for yet.
 */
@Timeout(60)
class ReadaheadTest {
  private static final int FRAMES = 1 << 15;
  private static final int PAGES = 4_096;
  private static final int WINDOW = Readahead.WINDOW_PAGES_MAX;

  private Device device = new Device();
  private EngineFixture volume = open(FRAMES);
  private OpenInode file = filled(volume);

  /** Reads in the order of their coming, in pages. Demanded ones are done at once. */
  private static final class Device implements BlockDevice {
    final MemoryDevice memory = new MemoryDevice(2L * PAGES * PAGE);
    final List<Integer> demanded = new ArrayList<>();
    final List<Integer> ahead = new ArrayList<>();
    final Queue<Io> held = new ArrayDeque<>();
    boolean holds;
    boolean fails;
    boolean dead;

    int pagesRead() {
      return demanded.stream().mapToInt(n -> n).sum() + ahead.stream().mapToInt(n -> n).sum();
    }

    void forget() {
      demanded.clear();
      ahead.clear();
    }

    void release() {
      holds = false;
      for (Io io = held.poll(); io != null; io = held.poll()) {
        submit(io);
      }
    }

    @Override
    public long sizeBytes() {
      return memory.sizeBytes();
    }

    @Override
    public DeviceCapabilities capabilities() {
      return memory.capabilities();
    }

    @Override
    public void submit(Io io) {
      if (io.op() == Io.Op.READ && holds) {
        ahead.add(io.pieces());
        held.add(io);
      } else if (io.op() == Io.Op.READ && fails) {
        io.complete(new IOException("broken"));
      } else {
        if (io.op() == Io.Op.READ) {
          ahead.add(io.pieces());
        }
        memory.submit(io);
      }
    }

    @Override
    public void run(Io io) throws IOException {
      if (io.op() == Io.Op.READ) {
        demanded.add(io.pieces());
      }
      if (dead) {
        throw new IOException("broken");
      }
      memory.run(io);
    }

    @Override
    public boolean peek(long deviceOffset, MemorySegment to) {
      return memory.peek(deviceOffset, to);
    }

    @Override
    public void close() throws IOException {
      memory.close();
    }
  }

  private EngineFixture open(int frames) {
    try {
      return EngineFixture.open(SMALL.withBlocks(2L * PAGES).withFrames(frames), device);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private OpenInode filled(EngineFixture on) {
    try {
      OpenInode f = on.file("/f");
      for (int page = 0; page < PAGES; page += 512) {
        write(f, (long) page * PAGE, bytes('A', 512 * PAGE));
      }
      on.volume().dropCaches();
      device.forget();
      return f;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() throws Exception {
    device.release();
    volume.close();
  }

  private void read(OpenInode f, int page, int pages) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(pages * PAGE);
    assertThat(f.read(buffer, (long) page * PAGE)).isEqualTo(pages * PAGE);
    assertThat(buffer.get(0)).isEqualTo((byte) 'A');
    assertThat(buffer.get(pages * PAGE - 1)).isEqualTo((byte) 'A');
  }

  @Test
  void aFileReadInOrderIsReadOnceInLargeRequests() throws Exception {
    for (int page = 0; page < PAGES; page++) {
      read(file, page, 1);
    }
    assertThat(device.pagesRead()).isEqualTo(PAGES);
    // The first page, the second with its window; then nobody misses any more.
    assertThat(device.demanded).containsExactly(1, Readahead.WINDOW_PAGES_MIN);
    assertThat(device.ahead).allMatch(n -> n <= WINDOW);
    assertThat(device.ahead.stream().filter(n -> n == WINDOW).count())
        .isGreaterThan(PAGES / WINDOW - 4);
  }

  @Test
  void severalWindowsAreUnderWay() throws Exception {
    int page = 0;
    while (device.ahead.stream().noneMatch(n -> n == WINDOW)) {
      read(file, page++, 1);
    }
    // From here on as far as what is there reaches, while nothing comes any more.
    device.forget();
    device.holds = true;
    int there = 0;
    while (volume.volume().cache().hasData(file.vnode().mapping(), page)) {
      read(file, page++, 1);
      there++;
    }
    assertThat(device.demanded).isEmpty();
    assertThat(device.held).hasSizeGreaterThanOrEqualTo(Readahead.WINDOWS_AHEAD - 1);
    assertThat(device.ahead).containsOnly(WINDOW);
    assertThat(there).isGreaterThanOrEqualTo(WINDOW);
  }

  @Test
  void whoAnnouncesRandomReadsGetsWhatHeAsksFor() throws Exception {
    file.advise(0, 0, OpenInode.Advice.RANDOM);
    for (int page = 0; page < 64; page += 2) {
      read(file, page, 2);
    }
    assertThat(device.demanded).hasSize(32).containsOnly(2);
    assertThat(device.ahead).isEmpty();
  }

  @Test
  void readsInNoOrderReadNothingAhead() throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 200; i++) {
      read(file, 1 + 3 * random.nextInt(PAGES / 3 - 1), 1);
    }
    assertThat(device.demanded).containsOnly(1);
    assertThat(device.ahead).isEmpty();
  }

  @Test
  void whoAnnouncesOrderGetsTheLargestWindowAtOnce() throws Exception {
    file.advise(0, 0, OpenInode.Advice.SEQUENTIAL);
    read(file, 0, 1);
    assertThat(device.demanded).containsExactly(WINDOW);
    read(file, 1, 1);
    assertThat(device.ahead).hasSizeGreaterThanOrEqualTo(Readahead.WINDOWS_AHEAD - 1);
  }

  @Test
  void whatIsAnnouncedHoldsForOneOpenFile() throws Exception {
    file.advise(0, 0, OpenInode.Advice.RANDOM);
    try (OpenInode other = OpenInode.open(volume.volume(), file.vnode().ino(), true, false)) {
      for (int page = 0; page < 64; page++) {
        read(other, page, 1);
      }
    }
    assertThat(device.ahead).isNotEmpty();
  }

  @Test
  void streamsOfTwoOpenFilesDoNotDisturbEachOther() throws Exception {
    try (OpenInode other = OpenInode.open(volume.volume(), file.vnode().ino(), true, false)) {
      for (int page = 0; page < PAGES / 2; page++) {
        read(file, page, 1);
        read(other, PAGES / 2 + page, 1);
      }
    }
    assertThat(device.demanded).hasSizeLessThanOrEqualTo(4);
    assertThat(device.pagesRead()).isEqualTo(PAGES);
  }

  @Test
  void aSmallCacheIsNotFilledByOneStream() throws Exception {
    volume.close();
    device = new Device();
    volume = open(256);
    file = filled(volume);
    for (int page = 0; page < 512; page++) {
      read(file, page, 1);
    }
    assertThat(device.demanded).allMatch(n -> n <= 256 / 128);
    assertThat(device.ahead).isNotEmpty().allMatch(n -> n <= 256 / 128);
  }

  @Test
  void aFailureAheadIsToldToWhoAsksForThePage() throws Exception {
    device.fails = true;
    read(file, 0, 1);
    int page = 1;
    // The device goes on answering who waits, so every page is there in the end.
    for (; page < 100; page++) {
      read(file, page, 1);
    }
    assertThat(device.ahead).isEmpty();
    assertThat(device.demanded).hasSizeGreaterThan(2);
    device.dead = true;
    int behind = page + Readahead.WINDOW_PAGES_MAX + 1;
    assertThatThrownBy(() -> read(file, behind, 1)).hasMessageContaining("EIO");
    device.dead = false;
  }

  @Test
  void willNeedBringsPagesInWithoutWaiting() throws Exception {
    device.holds = true;
    file.advise(0, 1024L * PAGE, OpenInode.Advice.WILL_NEED);
    assertThat(device.ahead).hasSize(1024 / WINDOW).containsOnly(WINDOW);
    device.release();
    read(file, 0, 1024);
    assertThat(device.demanded).isEmpty();
    file.advise(0, 512L * PAGE, OpenInode.Advice.DONT_NEED);
    assertThat(volume.volume().cache().hasData(file.vnode().mapping(), 511)).isFalse();
    assertThat(volume.volume().cache().hasData(file.vnode().mapping(), 512)).isTrue();
  }
}
