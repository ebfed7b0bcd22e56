package io.faultline.soak.price;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How much a price list measures.
 *
 * @param layout filesystem kind of the volumes
 * @param rounds measured rounds; one more goes before them and is thrown away
 * @param windowMillis how long one row of one guard is loaded in a round
 * @param spanBytes the files, a multiple of 2 MiB; all of a file fits into the cache in the cached
 *     rows and a sixteenth of it, 1 MiB at least, in those of misses
 * @param json where the figures go, null for nowhere
 */
public record PriceOptions(
    String layout, int rounds, long windowMillis, long spanBytes, @Nullable Path json) {
  /** Checks the figures. */
  public PriceOptions {
    if (rounds < 1 || windowMillis < 1 || spanBytes < 2 << 20 || spanBytes % (2 << 20) != 0) {
      throw new IllegalArgumentException(
          "rounds=%d windowMillis=%d spanBytes=%d".formatted(rounds, windowMillis, spanBytes));
    }
  }

  /** What a figure is quoted from: less than four minutes. */
  public static PriceOptions normal(String layout, @Nullable Path json) {
    return new PriceOptions(layout, 5, 400, 64 << 20, json);
  }

  /** Whether everything works, and figures to the nearest factor: less than half a minute. */
  public static PriceOptions quick(String layout, @Nullable Path json) {
    return new PriceOptions(layout, 2, 60, 16 << 20, json);
  }

  /** Pages of a file. */
  int pages() {
    return (int) (spanBytes / PagePattern.PAGE_BYTES);
  }

  /** Cache that holds a file with room to spare, bytes. */
  long cacheBytes() {
    return spanBytes + (spanBytes >> 1) + (4 << 20);
  }

  /** Cache that holds little of a file, bytes. */
  long missCacheBytes() {
    return Math.max(1 << 20, spanBytes >> 4);
  }
}
