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
 * Goal: no block has two owners and none is lost. Method: a bit set as the other opinion, devices
 * whose last group is short, and threads that claim every block they are given in a shared table.
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
    for (int step = 0; step < 4_000; step++) {
      if (random.nextInt(5) < 3) {
        long want =
            Math.min(1 + random.nextInt(step % 50 == 0 ? 20_000 : 60), allocator.freeBlocks());
        if (want == 0) {
          continue;
        }
        long goal = random.nextBoolean() ? random.nextLong(blocks) : Extent.NO_BLOCK;
        List<BlockRun> got = allocator.allocate(want, goal);
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
    onFourThreads(
        number -> {
          SplittableRandom random = new SplittableRandom(number);
          List<BlockRun> held = new ArrayList<>();
          for (int step = 0; step < 3_000; step++) {
            long want = 1L + random.nextInt(40);
            if (held.size() < 400 && space.tryTake(want)) {
              for (BlockRun run : allocator.allocate(want, random.nextLong(blocks))) {
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
