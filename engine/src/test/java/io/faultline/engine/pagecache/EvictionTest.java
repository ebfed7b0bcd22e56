package io.faultline.engine.pagecache;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.pagecache.PageTable.Leaf;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.volume.OpenInode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: what the policy promises arrives through the real page cache: a scan leaves alone what is
 * read often, the cache never holds more than its frames, and no frame is lost or held twice.
 * Method: read misses are counted; at rest every slot of every file is looked at.
 */
@Timeout(120)
class EvictionTest {
  private static final int FRAMES = 1_024;
  private static final EngineFixture.Setup SETUP = SMALL.withFrames(FRAMES);
  private static final int HOT = FRAMES / 2;

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  private static void scan(OpenInode file, int pages, int callBytes) throws Exception {
    ByteBuffer buffer = ByteBuffer.allocateDirect(callBytes);
    for (long at = 0; at < (long) pages * PAGE; at += callBytes) {
      buffer.clear();
      assertThat(file.read(buffer, at)).isEqualTo(callBytes);
    }
  }

  private static long missesOf(EngineFixture volume, OpenInode file, int pages) throws Exception {
    long before = volume.volume().cacheCounters().readMisses.sum();
    // One page at a time and backwards, so that each miss is one page.
    ByteBuffer buffer = ByteBuffer.allocateDirect(PAGE);
    for (int page = pages - 1; page >= 0; page--) {
      buffer.clear();
      assertThat(file.read(buffer, (long) page * PAGE)).isEqualTo(PAGE);
    }
    return volume.volume().cacheCounters().readMisses.sum() - before;
  }

  /** How many of the hot pages must be read again behind a scan of twice the cache. */
  private static long hotMissesBehindAScan(int callBytes) throws Exception {
    try (EngineFixture volume = EngineFixture.open(SETUP)) {
      OpenInode hot = volume.file("/hot");
      OpenInode cold = volume.file("/cold");
      for (int page = 0; page < 2 * FRAMES; page += 64) {
        write(cold, (long) page * PAGE, bytes('C', 64 * PAGE));
      }
      write(hot, 0, bytes('H', HOT * PAGE));
      volume.volume().dropCaches();
      missesOf(volume, hot, HOT);
      // A stretch of the cold file goes by; then the hot pages are read often, as is shown.
      scan(cold, FRAMES / 4, PAGE);
      assertThat(missesOf(volume, hot, HOT)).isZero();
      scan(cold, 2 * FRAMES, callBytes);
      long misses = missesOf(volume, hot, HOT);
      requireEachFrameInOnePlace(volume, List.of(hot, cold));
      return misses;
    }
  }

  @Test
  void aScanOfTwiceTheCacheLeavesWhatIsReadOften() throws Exception {
    assertThat(hotMissesBehindAScan(1_024)).isLessThan(HOT / 20);
    assertThat(hotMissesBehindAScan(PAGE)).isLessThan(HOT / 20);
    assertThat(hotMissesBehindAScan(128 * 1_024)).isLessThan(HOT / 20);
  }

  @Test
  void withOneQueueAScanTakesAll() throws Exception {
    Mutant.activate(Mutant.SCANS_REACH_MAIN);
    assertThat(hotMissesBehindAScan(PAGE)).isGreaterThan(HOT * 9 / 10);
  }

  /** Pages of these files that have a frame; each frame once. */
  private static int requireEachFrameInOnePlace(EngineFixture volume, List<OpenInode> files) {
    Set<Integer> frames = new HashSet<>();
    for (OpenInode file : files) {
      PageTable table = file.vnode().mapping().table;
      for (Leaf leaf = table.ceiling(0);
          leaf != null;
          leaf = table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS)) {
        int resident = 0;
        for (int i = 0; i < PageTable.LEAF_SLOTS; i++) {
          int frame = SlotWord.frame(leaf.get(i));
          if (frame != 0) {
            resident++;
            assertThat(frames.add(frame)).as("frame %s is in two places", frame).isTrue();
          }
        }
        assertThat(leaf.resident.get()).isEqualTo(resident);
      }
    }
    PageCache cache = volume.volume().cache();
    assertThat(frames.size() + cache.freeFrames()).isEqualTo(cache.frames());
    return frames.size();
  }

  private interface Task {
    void run(SplittableRandom random) throws Exception;
  }

  /** Files of ten times the cache, read, written, scanned, punched and dropped all at once. */
  @Test
  void theCacheNeverHoldsMoreThanItsFramesAndLosesNone() throws Exception {
    int frames = SMALL.frames();
    int pages = 5 * frames;
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      List<OpenInode> files = List.of(volume.file("/a"), volume.file("/b"));
      for (OpenInode file : files) {
        for (int page = 0; page < pages; page += 64) {
          write(file, (long) page * PAGE, bytes('F', 64 * PAGE));
        }
      }
      PageCache cache = volume.volume().cache();
      Task reader =
          random -> {
            ByteBuffer buffer = ByteBuffer.allocate(1 + random.nextInt(16 * PAGE));
            files.get(random.nextInt(2)).read(buffer, random.nextLong((long) pages * PAGE));
            assertThat(cache.freeFrames()).isBetween(0, frames);
          };
      Task writer =
          random ->
              files
                  .get(random.nextInt(2))
                  .write(
                      ByteBuffer.wrap(bytes('W', 1 + random.nextInt(4 * PAGE))),
                      random.nextLong((long) pages * PAGE));
      Task destroyer =
          random -> {
            OpenInode file = files.get(random.nextInt(2));
            long at = random.nextLong(pages) * PAGE;
            switch (random.nextInt(4)) {
              case 0 -> OpenInode.await(file.punchHole(at + 100, 3 * PAGE));
              case 1 -> file.advise(at, 8 * PAGE, OpenInode.Advice.DONT_NEED);
              case 2 -> file.advise(at, 64 * PAGE, OpenInode.Advice.WILL_NEED);
              default -> file.sync(true);
            }
          };
      together(2_000, List.of(reader, reader, writer, writer, destroyer));
      volume.volume().sync();
      assertThat(requireEachFrameInOnePlace(volume, files)).isPositive();
      // What is clean can go, all of it: no page was left out of the queues.
      int taken = 0;
      while (cache.supply.tryTake(true) != 0) {
        taken++;
      }
      assertThat(taken).isEqualTo(frames);
      for (int frame = 1; frame <= frames; frame++) {
        cache.supply.give(frame);
      }
      volume.requireSound();
    }
  }

  private static void together(int rounds, List<Task> tasks) throws InterruptedException {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < tasks.size(); t++) {
      Task task = tasks.get(t);
      SplittableRandom random = new SplittableRandom(t);
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      for (int round = 0; round < rounds && thrown.get() == null; round++) {
                        task.run(random);
                      }
                    } catch (Throwable problem) {
                      thrown.compareAndSet(null, problem);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (thrown.get() != null) {
      throw new AssertionError(thrown.get());
    }
  }
}
