package io.faultline.engine.device;

import java.util.SplittableRandom;
import java.util.function.IntPredicate;

/**
 * What becomes of a piece that was written but not flushed when the power went: how many of its
 * leading sectors are on the medium. Asked in log order, once per piece.
 */
@FunctionalInterface
public interface CrashChoice {
  /** Bytes a medium stores all or none of. */
  int SECTOR_BYTES = 512;

  /** Sectors of a whole piece. */
  int PIECE_SECTORS = Io.PIECE_BYTES / SECTOR_BYTES;

  /**
   * A piece whose fate is open.
   *
   * @param request number of its request among the unflushed ones, from 0 in order of submission
   * @param piece index within the request
   * @param deviceOffset first byte on the device
   * @param discard whether it is a discard, which is kept whole or not at all
   */
  record Pending(int request, int piece, long deviceOffset, boolean discard) {}

  /**
   * Leading sectors kept, 0 to {@link #PIECE_SECTORS}; for a discard anything above 0 means it
   * happened.
   */
  int sectorsKept(Pending pending);

  /** Nothing that was not flushed survives. */
  static CrashChoice dropAll() {
    return pending -> 0;
  }

  /** Everything survives, as after kill -9. */
  static CrashChoice keepAll() {
    return pending -> PIECE_SECTORS;
  }

  /** Whole requests survive or not, by their number among the unflushed ones. */
  static CrashChoice requests(IntPredicate kept) {
    return pending -> kept.test(pending.request()) ? PIECE_SECTORS : 0;
  }

  /**
   * Each piece on its own is kept, dropped or torn; the same seed chooses the same. For one image
   * only.
   */
  static CrashChoice seeded(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return pending ->
        switch (random.nextInt(3)) {
          case 0 -> 0;
          case 1 -> PIECE_SECTORS;
          default -> random.nextInt(1, PIECE_SECTORS);
        };
  }
}
