package io.faultline.engine.pagecache;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.pagecache.PageTable.Leaf;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: the page table holds exactly the leaves that were made and not unlinked, at any offset, and
 * nobody can put a page into a leaf that has left (rule R17). Method: random operations against a
 * TreeMap; inserters and an unlinker on real threads, who must agree on every page.
 */
@Timeout(60)
class PageTableTest {
  private static final long HUGE = 1L << 32;

  @Test
  void randomOperationsAgreeWithATreeMap() {
    for (long seed = 0; seed < 60; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      long bound = 1L << (10 + random.nextInt(23));
      PageTable table = new PageTable(1);
      TreeMap<Long, Leaf> leaves = new TreeMap<>();
      for (int step = 0; step < 300; step++) {
        long page = random.nextInt(20) == 0 ? HUGE - 1 : random.nextLong(bound);
        long first = page & -PageTable.LEAF_SLOTS;
        switch (random.nextInt(4)) {
          case 0, 1 -> {
            Leaf leaf = table.findOrCreate(page);
            assertThat(leaf.firstPage).isEqualTo(first);
            Leaf known = leaves.putIfAbsent(first, leaf);
            assertThat(known == null || known == leaf).isTrue();
          }
          case 2 -> {
            Leaf leaf = leaves.get(first);
            if (leaf != null) {
              boolean resident = random.nextBoolean();
              leaf.resident.set(resident ? 1 : 0);
              assertThat(table.tryUnlink(leaf)).isEqualTo(!resident);
              leaf.resident.set(0);
              if (!resident) {
                leaves.remove(first);
                assertThat(SlotWord.isDead(leaf.get(Leaf.index(page)))).isTrue();
                assertThat(table.tryUnlink(leaf)).isFalse();
              }
            }
          }
          default -> assertThat(table.find(page)).isSameAs(leaves.get(first));
        }
        var ceiling = leaves.ceilingEntry(first);
        assertThat(table.ceiling(page)).isSameAs(ceiling == null ? null : ceiling.getValue());
      }
      Leaf at = table.ceiling(0);
      for (Leaf leaf : leaves.values()) {
        assertThat(at).isSameAs(leaf);
        at = table.ceiling(leaf.firstPage + PageTable.LEAF_SLOTS);
      }
      assertThat(at).isNull();
      assertThat(table.find(Long.MAX_VALUE >>> 12)).isNull();
    }
  }

  @Test
  void aLeafMadeAgainGoesOnBehindEveryVersionItsPagesHad() {
    PageTable table = new PageTable(1);
    Leaf leaf = table.findOrCreate(7);
    for (int i = 0; i < 5; i++) {
      assertThat(leaf.cas(7, leaf.get(7), SlotWord.emptied(leaf.get(7)))).isTrue();
    }
    long before = SlotWord.version(leaf.get(7));
    assertThat(table.tryUnlink(leaf)).isTrue();
    Leaf again = table.findOrCreate(7);
    assertThat(again).isNotSameAs(leaf);
    assertThat(SlotWord.version(again.get(7))).isGreaterThan(before);
  }

  @Test
  void aLeafWithAPageStaysAndItsEmptySlotsLiveOn() {
    PageTable table = new PageTable(1);
    Leaf leaf = table.findOrCreate(0);
    // In the table before it is counted, as a fill does it.
    assertThat(leaf.cas(300, leaf.get(300), SlotWord.filling(leaf.get(300), 9))).isTrue();
    assertThat(table.tryUnlink(leaf)).isFalse();
    assertThat(table.find(0)).isSameAs(leaf);
    for (int i = 0; i < PageTable.LEAF_SLOTS; i++) {
      assertThat(SlotWord.isDead(leaf.get(i))).as("slot %s", i).isFalse();
    }
    assertThat(SlotWord.frame(leaf.get(300))).isEqualTo(9);
  }

  @Test
  void whoInsertsBesideAnUnlinkerFindsHisPageAgain() throws InterruptedException {
    PageTable table = new PageTable(1);
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    AtomicInteger running = new AtomicInteger(2);
    AtomicInteger unlinked = new AtomicInteger();
    Thread[] inserters = new Thread[2];
    for (int t = 0; t < 2; t++) {
      int number = t;
      inserters[t] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      // Until they met often enough; the bound only ends a broken table's test.
                      for (int round = 0; unlinked.get() < 200 && round < 100_000_000; round++) {
                        insertAndRemove(table, number * 100 + round % 3, number + 1);
                      }
                    } catch (Throwable problem) {
                      thrown.compareAndSet(null, problem);
                    } finally {
                      running.decrementAndGet();
                    }
                  });
    }
    while (running.get() > 0) {
      Leaf leaf = table.ceiling(0);
      if (leaf != null && table.tryUnlink(leaf)) {
        unlinked.incrementAndGet();
      }
    }
    for (Thread inserter : inserters) {
      inserter.join();
    }
    assertThat(thrown.get()).isNull();
    assertThat(unlinked).hasValueGreaterThanOrEqualTo(200);
  }

  private static void insertAndRemove(PageTable table, long page, int frame) {
    int i = Leaf.index(page);
    Leaf leaf;
    long filling;
    for (; ; ) {
      leaf = table.findOrCreate(page);
      long word = leaf.get(i);
      filling = SlotWord.filling(word, frame);
      if (!SlotWord.isDead(word) && leaf.cas(i, word, filling)) {
        break;
      }
    }
    leaf.resident.incrementAndGet();
    assertThat(table.find(page)).isSameAs(leaf);
    assertThat(leaf.get(i)).isEqualTo(filling);
    assertThat(leaf.cas(i, filling, SlotWord.emptied(filling))).isTrue();
    leaf.resident.decrementAndGet();
  }
}
