package io.faultline.engine.extent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Goal: the extent map is a function from file blocks to device blocks and states, whatever changes
 * led to it. Method: the same random changes to a map of single blocks, compared block by block;
 * and thousands of extents, so that changes meet every boundary between leaves.
 */
class ExtentMapTest {
  private static final int BLOCKS = 300;

  /** Where one block lives and what a read of it gives. */
  private record Place(long physical, Extent.State state) {}

  /** The map as it would be without extents. */
  private static final class Naive {
    TreeMap<Long, Place> places = new TreeMap<>();

    void with(Extent e) {
      for (long b = e.fileBlock(); b < e.end(); b++) {
        places.put(b, new Place(e.physicalOf(b), e.state()));
      }
    }

    void without(long from, long to) {
      places.subMap(from, to).clear();
    }

    void withState(long from, long to, Extent.State state) {
      places.subMap(from, to).replaceAll((b, p) -> new Place(p.physical(), state));
    }

    void shifted(long from, long by) {
      TreeMap<Long, Place> next = new TreeMap<>(places.headMap(from));
      places.tailMap(from).forEach((b, p) -> next.put(b + by, p));
      places = next;
    }

    /** The fewest extents that say the same. */
    List<Extent> extents(long start, long end) {
      List<Extent> out = new ArrayList<>();
      places
          .subMap(start, end)
          .forEach(
              (b, p) -> {
                Extent one = new Extent(b, p.physical(), 1, p.state());
                Extent last = out.isEmpty() ? null : out.getLast();
                if (last != null
                    && last.end() == b
                    && last.state() == p.state()
                    && last.physical() + last.length() == p.physical()) {
                  out.removeLast();
                  one = new Extent(last.fileBlock(), last.physical(), last.length() + 1, p.state());
                }
                out.add(one);
              });
      return out;
    }
  }

  private static List<Extent> listed(Iterator<Extent> it) {
    List<Extent> out = new ArrayList<>();
    it.forEachRemaining(out::add);
    return out;
  }

  private static void compare(ExtentMap map, Naive naive, long from, long to) {
    List<Extent> wanted = naive.extents(0, ExtentMap.END);
    assertThat(listed(map.iterator())).isEqualTo(wanted);
    assertThat(map.size()).isEqualTo(wanted.size());
    assertThat(map.blocks()).isEqualTo(naive.places.size());
    assertThat(map.endBlock()).isEqualTo(wanted.isEmpty() ? 0 : wanted.getLast().end());
    assertThat(map.isEmpty()).isEqualTo(wanted.isEmpty());
    assertThat(map.slice(from, to)).isEqualTo(naive.extents(from, to));
    assertThat(listed(map.iteratorFrom(from)))
        .isEqualTo(wanted.stream().filter(e -> e.end() > from).toList());
    long holes = map.holes(from, to).stream().mapToLong(Extent::length).sum();
    assertThat(holes).isEqualTo(to - from - naive.places.subMap(from, to).size());
    for (Extent hole : map.holes(from, to)) {
      assertThat(naive.places.subMap(hole.fileBlock(), hole.end())).isEmpty();
    }
  }

  private static void compareLookup(ExtentMap map, Naive naive, long block) {
    Extent found = map.lookup(block);
    Place place = naive.places.get(block);
    assertThat(found.fileBlock()).isEqualTo(block);
    if (place == null) {
      Long next = naive.places.higherKey(block);
      assertThat(found)
          .isEqualTo(Extent.hole(block, (next == null ? ExtentMap.END : next) - block));
    } else {
      assertThat(found.physical()).isEqualTo(place.physical());
      assertThat(found.state()).isEqualTo(place.state());
      assertThat(found).isEqualTo(naive.extents(block, ExtentMap.END).getFirst());
    }
  }

  @Test
  void randomChangesAgreeWithAMapOfSingleBlocks() {
    for (long seed = 0; seed < 150; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      ExtentMap map = ExtentMap.EMPTY;
      Naive naive = new Naive();
      for (int step = 0; step < 80; step++) {
        long from = random.nextLong(BLOCKS);
        long to = from + 1 + random.nextLong(random.nextInt(10) == 0 ? BLOCKS : 8);
        ExtentMap before = map;
        switch (random.nextInt(6)) {
          case 0, 1, 2 -> {
            // Neighbouring physical places often, so that extents merge.
            long physical = random.nextBoolean() ? from + 1_000 : random.nextLong(100_000);
            Extent.State state =
                random.nextBoolean() ? Extent.State.WRITTEN : Extent.State.UNWRITTEN;
            Extent e = new Extent(from, physical, to - from, state);
            map = map.with(e);
            naive.with(e);
          }
          case 3 -> {
            map = map.without(from, to);
            naive.without(from, to);
          }
          case 4 -> {
            Extent.State state =
                random.nextBoolean() ? Extent.State.WRITTEN : Extent.State.UNWRITTEN;
            map = map.withState(from, to, state);
            naive.withState(from, to, state);
          }
          default -> {
            if (random.nextBoolean()) {
              map = map.collapsed(from, to);
              naive.without(from, to);
              naive.shifted(to, from - to);
            } else {
              map = map.inserted(from, to - from);
              naive.shifted(from, to - from);
            }
          }
        }
        assertThat(map.version()).isGreaterThanOrEqualTo(before.version());
        compare(map, naive, from, to);
        compareLookup(map, naive, from);
        compareLookup(map, naive, random.nextLong(2 * BLOCKS));
      }
    }
  }

  /** Every second block, so nothing merges: 5,000 extents in about 100 leaves. */
  private static ExtentMap scattered(Naive naive) {
    ExtentMap map = ExtentMap.EMPTY;
    for (long b = 0; b < 10_000; b += 2) {
      Extent e = Extent.written(b, 3 * b, 1);
      map = map.with(e);
      naive.with(e);
    }
    return map;
  }

  @Test
  void changesAcrossManyLeavesAgreeToo() {
    Naive naive = new Naive();
    ExtentMap map = scattered(naive);
    assertThat(map.size()).isEqualTo(5_000);
    SplittableRandom random = new SplittableRandom(7);
    for (int step = 0; step < 60; step++) {
      long from = random.nextLong(10_000);
      long to = from + 1 + random.nextLong(step % 3 == 0 ? 2_000 : 130);
      switch (random.nextInt(5)) {
        case 0 -> {
          map = map.without(from, to);
          naive.without(from, to);
        }
        case 1 -> {
          Extent e = Extent.unwritten(from, 1_000_000 + from, to - from);
          map = map.with(e);
          naive.with(e);
        }
        case 2 -> {
          map = map.inserted(from, 3);
          naive.shifted(from, 3);
        }
        case 3 -> {
          map = map.collapsed(from, from + 2);
          naive.without(from, from + 2);
          naive.shifted(from + 2, -2);
        }
        default -> {
          map = map.withState(from, to, Extent.State.UNWRITTEN);
          naive.withState(from, to, Extent.State.UNWRITTEN);
        }
      }
      compare(map, naive, from, to);
      compareLookup(map, naive, random.nextLong(12_000));
    }
    for (long b = 0; b < 11_000; b++) {
      compareLookup(map, naive, b);
    }
  }

  @Test
  void fillingEveryGapMergesAllLeavesIntoOneExtent() {
    ExtentMap map = ExtentMap.EMPTY;
    for (long b = 0; b < 2_000; b += 2) {
      map = map.with(Extent.written(b, 100 + b, 1));
    }
    assertThat(map.size()).isEqualTo(1_000);
    for (long b = 1; b < 2_000; b += 2) {
      map = map.with(Extent.written(b, 100 + b, 1));
    }
    assertThat(listed(map.iterator())).containsExactly(Extent.written(0, 100, 2_000));
  }

  @Test
  void theSameMappingReachedByOtherWaysIsEqual() {
    ExtentMap one = ExtentMap.EMPTY.with(Extent.written(0, 10, 4));
    ExtentMap other =
        ExtentMap.EMPTY
            .with(Extent.written(2, 12, 2))
            .with(Extent.unwritten(0, 10, 2))
            .withState(0, 2, Extent.State.WRITTEN);
    assertThat(other).isEqualTo(one).hasSameHashCodeAs(one);
    assertThat(one.without(1, 2)).isNotEqualTo(one);
  }

  @Test
  void anEmptyRangeInsideAnExtentHoldsNothingAndChangesNothing() {
    ExtentMap map = ExtentMap.EMPTY.with(Extent.written(0, 10, 6));
    assertThat(map.slice(3, 3)).isEmpty();
    assertThat(map.slice(4, 3)).isEmpty();
    assertThat(map.holes(3, 3)).isEmpty();
    assertThat(map.without(3, 3)).isEqualTo(map);
    assertThat(map.withState(3, 3, Extent.State.UNWRITTEN)).isEqualTo(map);
  }

  @Test
  void noExtentIsEmptyOrOutside() {
    assertThatThrownBy(() -> Extent.written(0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Extent.written(-1, 0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Extent(0, 5, 1, Extent.State.HOLE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Extent.written(0, Extent.NO_BLOCK, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Extent.hole(0, 1).physicalOf(0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
