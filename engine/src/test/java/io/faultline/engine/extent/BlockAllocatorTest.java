package io.faultline.engine.extent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.extent.BlockAllocator.Policy;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: no block has two owners and none is lost; a file stays in one piece where it can. Method: a
 * bit set as the other opinion, devices whose last group is short, and threads that claim every
 * block they are given in a shared table.
 */
@Timeout(60)
class BlockAllocatorTest {
  private static final int GROUP = BlockAllocator.GROUP_BLOCKS;

  private static long total(List<BlockRun> runs) {
    return runs.stream().mapToLong(BlockRun::length).sum();
  }

  @ParameterizedTest
  @EnumSource(Policy.class)
  void randomAllocationsAndFreesAgreeWithABitSet(Policy policy) {
    int blocks = 2 * GROUP + 777;
    BlockAllocator allocator = new BlockAllocator(blocks, policy);
    BitSet owned = new BitSet();
    List<BlockRun> held = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(3);
    List<AllocationWindow> windows =
        List.of(new AllocationWindow(), new AllocationWindow(), new AllocationWindow());
    for (int step = 0; step < 4_000; step++) {
      if (random.nextInt(5) < 3) {
        long want =
            Math.min(1 + random.nextInt(step % 50 == 0 ? 20_000 : 60), allocator.freeBlocks());
        if (want == 0) {
          continue;
        }
        long goal = random.nextBoolean() ? random.nextLong(blocks) : Extent.NO_BLOCK;
        AllocationWindow window = windows.get(random.nextInt(windows.size()));
        if (random.nextInt(50) == 0) {
          allocator.close(window);
        }
        List<BlockRun> got = allocator.allocate(want, goal, random.nextInt(4) == 0 ? null : window);
        assertThat(total(got)).isEqualTo(want);
        for (BlockRun run : got) {
          int twice = owned.nextSetBit((int) run.start());
          assertThat(twice < 0 || twice >= run.end()).as("%s is owned", run).isTrue();
          assertThat(run.end()).isLessThanOrEqualTo(blocks);
          owned.set((int) run.start(), (int) run.end());
        }
        held.addAll(got);
      } else if (!held.isEmpty()) {
        BlockRun run = held.remove(random.nextInt(held.size()));
        // Often in two pieces, as a punch frees.
        long cut = run.length() > 1 ? 1 + random.nextLong(run.length() - 1) : run.length();
        allocator.free(new BlockRun(run.start(), cut));
        if (cut < run.length()) {
          held.add(new BlockRun(run.start() + cut, run.length() - cut));
        }
        owned.clear((int) run.start(), (int) (run.start() + cut));
      }
      assertThat(allocator.freeBlocks()).isEqualTo(blocks - owned.cardinality());
    }
    BitSet free = BitSet.valueOf(allocator.freeMap());
    assertThat(free.intersects(owned)).isFalse();
    assertThat(free.cardinality() + owned.cardinality()).isEqualTo(blocks);
    held.forEach(allocator::free);
    assertThat(allocator.freeBlocks()).isEqualTo(blocks);
  }

  @Test
  void whatWasFreedLastIsHandedOutFirst() {
    BlockAllocator allocator = new BlockAllocator(1_000, Policy.REUSE_LAST_FREED);
    allocator.allocate(500, Extent.NO_BLOCK);
    allocator.free(new BlockRun(40, 4));
    allocator.free(new BlockRun(200, 2));
    assertThat(allocator.allocate(3, Extent.NO_BLOCK))
        .containsExactly(new BlockRun(200, 2), new BlockRun(40, 1));
    assertThat(allocator.allocate(3, Extent.NO_BLOCK)).containsExactly(new BlockRun(41, 3));
  }

  @Test
  void aRunAcrossAGroupBoundaryIsMarkedAndFreedInBothGroups() {
    BlockAllocator allocator = new BlockAllocator(2L * GROUP, Policy.NEXT_FIT);
    BlockRun across = new BlockRun(GROUP - 3, 6);
    allocator.markUsed(across);
    assertThatThrownBy(() -> allocator.markUsed(new BlockRun(GROUP, 1)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(allocator.freeBlocks()).isEqualTo(2L * GROUP - 6);
    allocator.free(across);
    assertThatThrownBy(() -> allocator.free(new BlockRun(GROUP - 1, 1)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(allocator.allocate(10, GROUP - 4)).containsExactly(new BlockRun(GROUP - 4, 10));
    assertThatThrownBy(() -> allocator.markUsed(new BlockRun(2L * GROUP - 1, 2)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aFullDeviceGivesEverythingAndThenRefusesAndLosesNothing() {
    BlockAllocator allocator = new BlockAllocator(GROUP + 5, Policy.NEXT_FIT);
    assertThat(total(allocator.allocate(GROUP, 17))).isEqualTo(GROUP);
    assertThatThrownBy(() -> allocator.allocate(6, 0)).isInstanceOf(IllegalStateException.class);
    assertThat(allocator.freeBlocks()).isEqualTo(5);
    assertThat(total(allocator.allocate(5, 0))).isEqualTo(5);
    assertThat(allocator.freeBlocks()).isZero();
  }

  private static long goalBehind(List<BlockRun> file) {
    return file.isEmpty() ? Extent.NO_BLOCK : file.getLast().end();
  }

  private static int pieces(List<BlockRun> file) {
    int pieces = 0;
    long end = -1;
    for (BlockRun run : file) {
      pieces += run.start() == end ? 0 : 1;
      end = run.end();
    }
    return pieces;
  }

  @Test
  void filesThatGrowInTurnKeepTheBlocksBehindThemForThemselves() {
    for (boolean windows : new boolean[] {true, false}) {
      BlockAllocator allocator = new BlockAllocator(8L * GROUP, Policy.NEXT_FIT);
      List<List<BlockRun>> files = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
      List<AllocationWindow> own =
          List.of(new AllocationWindow(), new AllocationWindow(), new AllocationWindow());
      for (int step = 0; step < 300; step++) {
        for (int f = 0; f < files.size(); f++) {
          List<BlockRun> file = files.get(f);
          file.addAll(allocator.allocate(200, goalBehind(file), windows ? own.get(f) : null));
        }
      }
      for (List<BlockRun> file : files) {
        // Doubling from 800 on, then whole groups.
        if (windows) {
          assertThat(pieces(file)).isLessThan(12);
        } else {
          assertThat(pieces(file)).isEqualTo(300);
        }
      }
    }
  }

  @Test
  void aWindowLiesBehindTheFileUntilItIsClosed() {
    BlockAllocator allocator = new BlockAllocator(2L * GROUP, Policy.NEXT_FIT);
    AllocationWindow window = new AllocationWindow();
    assertThat(allocator.allocate(10, 0, window)).containsExactly(new BlockRun(0, 10));
    assertThat(allocator.allocate(1, Extent.NO_BLOCK)).containsExactly(new BlockRun(50, 1));
    assertThat(allocator.allocate(1, 12)).containsExactly(new BlockRun(51, 1));
    // Not known where the file ends: its window says so.
    assertThat(allocator.allocate(10, Extent.NO_BLOCK, window))
        .containsExactly(new BlockRun(10, 10));
    allocator.close(window);
    allocator.close(window);
    assertThat(allocator.allocate(30, Extent.NO_BLOCK)).containsExactly(new BlockRun(20, 30));
  }

  @Test
  void whoFindsNothingElseTakesBlocksOutOfAWindow() {
    BlockAllocator allocator = new BlockAllocator(100, Policy.NEXT_FIT);
    AllocationWindow window = new AllocationWindow();
    allocator.allocate(10, 0, window);
    assertThat(allocator.allocate(60, Extent.NO_BLOCK))
        .containsExactly(new BlockRun(50, 50), new BlockRun(10, 10));
    assertThat(allocator.allocate(20, 20)).containsExactly(new BlockRun(20, 20));
    assertThat(allocator.allocate(10, 10, window)).containsExactly(new BlockRun(40, 10));
  }

  @Test
  void aFileIsPutWhereAllOfItFits() {
    BlockAllocator allocator = new BlockAllocator(2L * GROUP, Policy.NEXT_FIT);
    allocator.allocate(1_000, 0);
    for (int b = 0; b < 1_000; b += 2) {
      allocator.free(new BlockRun(b, 1));
    }
    assertThat(allocator.allocate(100, Extent.NO_BLOCK)).containsExactly(new BlockRun(1_000, 100));
    assertThat(allocator.allocate(1, Extent.NO_BLOCK)).containsExactly(new BlockRun(0, 1));
    // Nowhere in one piece: as few as there are.
    allocator.allocate(2L * GROUP - 1_100 - 10, Extent.NO_BLOCK);
    assertThat(total(allocator.allocate(100, Extent.NO_BLOCK))).isEqualTo(100);
  }

  /** Runs {@code body} on four threads; the first thing thrown fails the test. */
  static void onFourThreads(java.util.function.IntConsumer body) throws InterruptedException {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      int number = t;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      body.accept(number);
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

  @ParameterizedTest
  @EnumSource(Policy.class)
  void threadsNeverOwnABlockTogether(Policy policy) throws InterruptedException {
    int blocks = GROUP + 100;
    BlockAllocator allocator = new BlockAllocator(blocks, policy);
    SpaceCounter space = new SpaceCounter(blocks);
    AtomicIntegerArray owner = new AtomicIntegerArray(blocks);
    AllocationWindow shared = new AllocationWindow();
    onFourThreads(
        number -> {
          SplittableRandom random = new SplittableRandom(number);
          List<BlockRun> held = new ArrayList<>();
          AllocationWindow own = new AllocationWindow();
          for (int step = 0; step < 3_000; step++) {
            long want = 1L + random.nextInt(100);
            AllocationWindow window = step % 3 == 0 ? shared : own;
            if (step % 100 == 0) {
              allocator.close(window);
            }
            if (held.size() < 400 && space.tryTake(want)) {
              for (BlockRun run : allocator.allocate(want, random.nextLong(blocks), window)) {
                for (long b = run.start(); b < run.end(); b++) {
                  assertThat(owner.getAndSet((int) b, number + 1)).as("block %s", b).isZero();
                }
                held.add(run);
              }
            } else if (!held.isEmpty()) {
              release(held.remove(random.nextInt(held.size())), owner, allocator, space);
            }
          }
          held.forEach(run -> release(run, owner, allocator, space));
        });
    assertThat(allocator.freeBlocks()).isEqualTo(blocks);
    assertThat(space.available()).isEqualTo(blocks);
  }

  private static void release(
      BlockRun run, AtomicIntegerArray owner, BlockAllocator allocator, SpaceCounter space) {
    for (long b = run.start(); b < run.end(); b++) {
      owner.set((int) b, 0);
    }
    allocator.free(run);
    space.give(run.length());
  }

  @Test
  void theCounterNeverPromisesTooMuchAndIsExactWhenItRefuses() throws InterruptedException {
    for (long blocks : new long[] {1, 100, 5_000, 50_000}) {
      SpaceCounter space = new SpaceCounter(blocks);
      long[] taken = new long[4];
      onFourThreads(
          number -> {
            while (space.tryTake(1)) {
              taken[number]++;
            }
          });
      assertThat(taken[0] + taken[1] + taken[2] + taken[3]).isEqualTo(blocks);
      assertThat(space.available()).isZero();
      space.give(3);
      assertThat(space.tryTake(4)).isFalse();
      assertThat(space.tryTake(3)).isTrue();
      assertThat(space.tryTake(1)).isFalse();
    }
  }
}
