package io.faultline.engine.pagecache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.runtime.Mutant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Goal: the policy's book-keeping, apart from how good its choices are ({@code EvictionOrderTest}):
 * what is dirty or locked holds nobody up, what was destroyed leaves nothing behind, and the work
 * of an eviction does not grow with the cache. Method: pages that say what the test wants, and
 * count how often they are asked.
 */
class EvictionPolicyTest {
  /** Pages in frames; page numbers are the frames'. */
  private static final class Pages implements EvictionPolicy.Pages {
    final EvictionPolicy policy;
    final boolean[] used;
    final boolean[] dirty;
    final boolean[] locked;
    final boolean[] present;
    final int[] victims;
    long looks;

    Pages(int frames) {
      policy = new EvictionPolicy(frames, this);
      used = new boolean[frames + 1];
      dirty = new boolean[frames + 1];
      locked = new boolean[frames + 1];
      present = new boolean[frames + 1];
      victims = new int[frames];
    }

    Pages insert(int from, int to) {
      for (int frame = from; frame < to; frame++) {
        present[frame] = true;
        policy.inserted(frame, true, true);
      }
      return this;
    }

    Pages readAhead(int from, int to) {
      for (int frame = from; frame < to; frame++) {
        present[frame] = true;
        policy.inserted(frame, false, false);
      }
      return this;
    }

    void remove(int frame) {
      present[frame] = false;
      used[frame] = false;
      dirty[frame] = false;
      policy.removed(frame);
    }

    List<Integer> evict(int max) {
      List<Integer> all = new ArrayList<>();
      while (all.size() < max) {
        int n = policy.evict(victims, max - all.size());
        if (n == EvictionPolicy.NOTHING) {
          break;
        }
        Arrays.stream(victims).limit(n).forEach(all::add);
      }
      return all;
    }

    @Override
    public Answer evict(int frame, boolean spareReferenced) {
      looks++;
      if (!present[frame]) {
        throw new AssertionError("frame " + frame + " has no page");
      }
      if (locked[frame]) {
        return Answer.BUSY;
      }
      if (dirty[frame]) {
        return Answer.UNCLEAN;
      }
      if (used[frame] && spareReferenced) {
        used[frame] = false;
        return Answer.REFERENCED;
      }
      present[frame] = false;
      used[frame] = false;
      return Answer.EVICTED;
    }

    @Override
    public boolean takeReference(int frame) {
      looks++;
      boolean was = used[frame];
      used[frame] = false;
      return was;
    }

    @Override
    public long identity(int frame) {
      return frame * 0x9E3779B97F4A7C15L;
    }
  }

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  private static Integer[] range(int from, int to) {
    return IntStream.range(from, to).boxed().toArray(Integer[]::new);
  }

  @Test
  void pagesUsedOnceLeaveInTheOrderTheyCame() {
    assertThat(new Pages(100).insert(1, 101).evict(100)).containsExactly(range(1, 101));
  }

  @Test
  void whatWasBroughtInTooEarlyIsAskedForTheFirstTime() {
    // Both leave unused; asked for again, only what had been asked for before was wanted twice.
    for (boolean early : new boolean[] {true, false}) {
      Pages pages = new Pages(100);
      Pages filled = early ? pages.readAhead(1, 2) : pages.insert(1, 2);
      filled.insert(2, 101);
      assertThat(pages.evict(1)).containsExactly(1);
      pages.insert(1, 2);
      // The newest of the small queue is the last to go; of the main queue, when small is small.
      assertThat(pages.evict(99).contains(1)).as("early %s", early).isEqualTo(!early);
    }
  }

  @Test
  void whatIsUsedOutsideTheWindowStays() {
    Pages pages = new Pages(100).insert(1, 101);
    pages.used[7] = true;
    List<Integer> gone = pages.evict(90);
    assertThat(gone).doesNotContain(7).startsWith(range(1, 7));
  }

  @Test
  void aUseInsideTheWindowIsForgottenWhenThePageLeavesIt() {
    Pages pages = new Pages(100).insert(1, 11);
    pages.used[10] = true;
    pages.insert(11, 101);
    assertThat(pages.evict(10)).containsExactly(range(1, 11));
  }

  @Test
  void theFirstUseOfAPageReadAheadCountsAsItsFilling() {
    Pages pages = new Pages(100).readAhead(1, 101);
    // Used behind the window, as in a cache smaller than what is read ahead.
    Arrays.fill(pages.used, 1, 51, true);
    assertThat(pages.evict(50)).containsExactly(range(51, 101));
    // Had they been taken for pages used often, those that come now would go before them.
    pages.readAhead(51, 101);
    assertThat(pages.evict(50)).containsExactly(range(1, 51));
  }

  @Test
  void dirtyPagesAreMetOnceAndComeFirstWhenClean() {
    Pages pages = new Pages(1_000).insert(1, 1_001);
    Arrays.fill(pages.dirty, 1, 501, true);
    assertThat(pages.evict(1)).containsExactly(501);
    long before = pages.looks;
    assertThat(pages.evict(100)).containsExactly(range(502, 602));
    assertThat(pages.looks - before).isEqualTo(100);
    pages.dirty[17] = false;
    pages.policy.cleaned(17);
    assertThat(pages.evict(1)).containsExactly(17);
  }

  @Test
  void aCleanedPageThatIsNotPutBackIsLost() {
    Mutant.activate(Mutant.CLEANED_PAGE_LOST);
    assertThatThrownBy(this::dirtyPagesAreMetOnceAndComeFirstWhenClean)
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void framesSideBySideLeaveSideBySideAndNoSetKeepsItsPagesLonger() {
    int frames = 16_384;
    Pages pages = new Pages(frames).insert(1, frames + 1);
    List<Integer> gone = pages.evict(frames);
    assertThat(gone).hasSize(frames).doesNotHaveDuplicates();
    for (int k = 1; k < frames; k++) {
      int frame = gone.get(k);
      assertThat(frame % 16 == 1 || frame == gone.get(k - 1) + 1).as("frame %s", frame).isTrue();
      // Within two rounds of the five sets, 16 frames of each.
      assertThat(Math.abs(frame - k)).as("frame %s", frame).isLessThan(2 * 5 * 16);
    }
  }

  @Test
  void withoutTurnsTheFirstSetIsEmptiedFirst() {
    Mutant.activate(Mutant.SETS_TAKE_NO_TURNS);
    assertThatThrownBy(this::framesSideBySideLeaveSideBySideAndNoSetKeepsItsPagesLonger)
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void theOnlyCleanPageIsFoundInWhicheverSetItIs() {
    Pages pages = new Pages(16_384).insert(1, 16_385);
    Arrays.fill(pages.dirty, true);
    for (int clean : new int[] {1, 777, 9_999, 16_384}) {
      pages.dirty[clean] = false;
      pages.policy.cleaned(clean);
      assertThat(pages.evict(1)).containsExactly(clean);
      assertThat(pages.evict(1)).isEmpty();
    }
  }

  @Test
  void whenAllAreDirtyOrLockedItSaysSo() {
    Pages pages = new Pages(1_000).insert(1, 1_001);
    Arrays.fill(pages.dirty, 1, 900, true);
    Arrays.fill(pages.locked, 900, 1_001, true);
    assertThat(pages.evict(1)).isEmpty();
    long before = pages.looks;
    assertThat(pages.policy.evict(pages.victims, 1)).isEqualTo(EvictionPolicy.NOTHING);
    assertThat(pages.looks - before).as("each locked page once").isEqualTo(101);
    pages.locked[950] = false;
    assertThat(pages.evict(1)).containsExactly(950);
  }

  @Test
  void aCacheThatIsUsedAllOverGivesAPageAllTheSame() {
    Pages pages = new Pages(100_000).insert(1, 100_001);
    // Everything into MAIN.
    Arrays.fill(pages.used, true);
    pages.evict(1);
    Arrays.fill(pages.used, true);
    long before = pages.looks;
    assertThat(pages.evict(1)).hasSize(1);
    assertThat(pages.looks - before).isLessThan(2L * EvictionPolicy.STEPS_MAX);
  }

  @Test
  void theWorkOfAnEvictionDoesNotGrowWithTheCache() {
    double small = looksPerEviction(10_000);
    double large = looksPerEviction(500_000);
    assertThat(large).isLessThan(small * 1.1);
    assertThat(large).isLessThan(6);
  }

  /** A load with hot, cold, dirty and destroyed pages. */
  private static double looksPerEviction(int frames) {
    SplittableRandom random = new SplittableRandom(5);
    Pages pages = new Pages(frames).insert(1, frames + 1);
    pages.looks = 0;
    int evictions = 2 * frames;
    int[] dirty = new int[frames / 4];
    for (int n = 0; n < evictions; n++) {
      int hot = 1 + random.nextInt(frames / 2);
      pages.used[hot] = pages.present[hot];
      // What became dirty a quarter of the frames ago is written.
      int written = dirty[n % dirty.length];
      pages.dirty[written] = false;
      pages.policy.cleaned(written);
      int next = 1 + random.nextInt(frames);
      pages.dirty[next] = true;
      dirty[n % dirty.length] = next;
      int frame = pages.evict(1).getFirst();
      pages.insert(frame, frame + 1);
    }
    return (double) pages.looks / evictions;
  }

  /** Every frame is in one place at most, whatever was done to it. */
  @Test
  void destroyedPagesLeaveNothingBehind() {
    for (int seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int frames = 10 + random.nextInt(90);
      Pages pages = new Pages(frames);
      for (int step = 0; step < 2_000; step++) {
        int frame = 1 + random.nextInt(frames);
        switch (random.nextInt(6)) {
          case 0 -> pages.evict(1 + random.nextInt(4));
          case 1 -> pages.remove(frame);
          case 2 -> pages.used[frame] = pages.present[frame];
          case 3 -> pages.dirty[frame] = pages.present[frame];
          case 4 -> {
            pages.dirty[frame] = false;
            pages.policy.cleaned(frame);
          }
          default -> {
            if (!pages.present[frame]) {
              pages.present[frame] = true;
              pages.policy.inserted(frame, random.nextBoolean(), random.nextBoolean());
            }
          }
        }
      }
      for (int frame = 1; frame <= frames; frame++) {
        pages.dirty[frame] = false;
        pages.policy.cleaned(frame);
      }
      int present = 0;
      for (boolean one : pages.present) {
        present += one ? 1 : 0;
      }
      assertThat(pages.evict(frames)).as("seed %s", seed).doesNotHaveDuplicates().hasSize(present);
      assertThat(pages.policy.evict(pages.victims, 1)).isEqualTo(EvictionPolicy.NOTHING);
    }
  }

  @Test
  void theGhostKnowsWhatLeftLastAndForgetsWhatLeftBefore() {
    GhostPages ghost = new GhostPages(16_000);
    long[] hash = new SplittableRandom(9).longs(32_000).toArray();
    Arrays.stream(hash).forEach(ghost::add);
    assertThat(Arrays.stream(hash, 24_000, 32_000).filter(ghost::remove).count())
        .isGreaterThan(7_500);
    assertThat(Arrays.stream(hash, 0, 8_000).filter(ghost::remove).count()).isLessThan(500);
    assertThat(ghost.remove(hash[31_999])).as("once only").isFalse();
    assertThat(new GhostPages(0).remove(0)).isFalse();
  }
}
