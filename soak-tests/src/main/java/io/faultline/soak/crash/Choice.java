package io.faultline.soak.crash;

import io.faultline.soak.crash.TapeEvent.Change;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * What of the pending changes a power cut left. A change may be there without those before it, so
 * subsets stand for all orders as well: of two that overlap, the older one alone is what is left if
 * the newer one came first, or never.
 *
 * @param kept the changes that survived, by their number among the pending ones
 * @param torn the one that survived in part, or -1
 * @param amount how much of it, see {@link MediaState#applyTorn}
 */
record Choice(BitSet kept, int torn, int amount) {
  /** Up to so many pending changes all subsets are built. */
  static final int EXHAUSTIVE_MAX = 8;

  private static final int SAMPLES = 48;

  static Choice of(BitSet kept) {
    return new Choice(kept, -1, 0);
  }

  static Choice none() {
    return of(new BitSet());
  }

  static Choice all(int pending) {
    BitSet kept = new BitSet();
    kept.set(0, pending);
    return of(kept);
  }

  /** Every subset up to {@link #EXHAUSTIVE_MAX}, a sample above; then each change torn. */
  static List<Choice> of(List<Change> pending, SplittableRandom random) {
    int n = pending.size();
    List<Choice> choices = new ArrayList<>();
    if (n <= EXHAUSTIVE_MAX) {
      for (int mask = 0; mask < 1 << n; mask++) {
        choices.add(of(BitSet.valueOf(new long[] {mask})));
      }
    } else {
      sample(n, choices, random);
    }
    for (int i = 0; i < n; i++) {
      for (int amount : amounts(pending.get(i))) {
        BitSet before = new BitSet();
        before.set(0, i);
        choices.add(new Choice(before, i, amount));
        BitSet others = new BitSet();
        others.set(0, n);
        others.clear(i);
        if (!others.equals(before)) {
          choices.add(new Choice(others, i, amount));
        }
      }
    }
    return choices;
  }

  private static void sample(int n, List<Choice> choices, SplittableRandom random) {
    for (int i = 0; i <= n; i++) {
      BitSet prefix = new BitSet();
      prefix.set(0, i);
      choices.add(of(prefix));
    }
    for (int i = 0; i < n; i++) {
      BitSet one = new BitSet();
      one.set(i);
      choices.add(of(one));
      BitSet others = new BitSet();
      others.set(0, n);
      others.clear(i);
      choices.add(of(others));
    }
    for (int s = 0; s < SAMPLES; s++) {
      BitSet some = new BitSet();
      for (int i = 0; i < n; i++) {
        some.set(i, random.nextBoolean());
      }
      choices.add(of(some));
    }
  }

  private static int[] amounts(Change change) {
    return switch (change) {
      case TapeEvent.BlockWritten _ -> new int[] {1, Block.SECTORS / 2, Block.SECTORS - 1};
      case TapeEvent.FileWritten w -> {
        // A medium stores whole sectors of the file.
        int first = Block.SECTOR_BYTES - w.position() % Block.SECTOR_BYTES;
        int end = w.position() + w.bytes().length;
        int last = end / Block.SECTOR_BYTES * Block.SECTOR_BYTES - w.position();
        yield first >= w.bytes().length
            ? new int[] {-1}
            : last > first && last < w.bytes().length
                ? new int[] {-1, first, last}
                : new int[] {-1, first};
      }
      default -> new int[0];
    };
  }

  /** As one word: {@code 0.2.5}, {@code -} for nothing, with {@code ~3:512} for what is torn. */
  String text() {
    String whole =
        kept.isEmpty()
            ? "-"
            : kept.stream().mapToObj(Integer::toString).collect(Collectors.joining("."));
    return torn < 0 ? whole : whole + "~" + torn + ":" + amount;
  }

  /** Reads what {@link #text} wrote. */
  static Choice parse(String text) {
    String[] parts = text.split("~", -1);
    BitSet kept = new BitSet();
    if (!parts[0].equals("-")) {
      for (String number : parts[0].split("\\.", -1)) {
        kept.set(Integer.parseInt(number));
      }
    }
    if (parts.length == 1) {
      return of(kept);
    }
    String[] tear = parts[1].split(":", -1);
    return new Choice(kept, Integer.parseInt(tear[0]), Integer.parseInt(tear[1]));
  }
}
