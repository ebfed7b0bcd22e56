package io.faultline;

import io.faultline.persistence.checkpoint.Keep;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * How a volume is made and opened. Immutable: each wither gives a changed copy and checks its value
 * at once, with an {@link IllegalArgumentException} that names the value and what is allowed.
 */
public final class VolumeOptions {
  /** Block and page, bytes. */
  public static final int BLOCK_SIZE_BYTES = 4096;

  /** The smallest volume, bytes. */
  public static final long SIZE_BYTES_MIN = 1L << 20;

  /** The largest volume, bytes: 2^32 blocks. */
  public static final long SIZE_BYTES_MAX = 1L << 44;

  /** The smallest page cache, bytes: destroyers and writeback have a reserve of frames in it. */
  public static final long CACHE_BYTES_MIN = 1L << 20;

  /** The largest page cache, bytes: 2^28 frames. */
  public static final long CACHE_BYTES_MAX = 1L << 40;

  /** The shortest time a change may be made to wait for its commit. */
  public static final Duration COMMIT_INTERVAL_MIN = Duration.ofMillis(1);

  /** The longest time a change may wait for its commit; jbd2's own limit. */
  public static final Duration COMMIT_INTERVAL_MAX = Duration.ofMinutes(5);

  /** The journal plugin of Faultline itself, see {@link #journal(String)}. */
  public static final String OWN_JOURNAL = "faultline.journal";

  private static final List<String> LAYOUTS = List.of("ext4");
  private static final List<String> GUARDS =
      List.of("mapping-lock", "reads-under-io-lock", "none", "range-lock");
  private static final VolumeOptions DEFAULTS =
      new VolumeOptions(
          new Values(
              "ext4",
              1L << 30,
              defaultCacheBytes(),
              false,
              "mapping-lock",
              Duration.ofSeconds(5),
              OWN_JOURNAL,
              new Keep.Bytes(1L << 30),
              false));

  private record Values(
      String layout,
      long sizeBytes,
      long cacheBytes,
      boolean readOnly,
      String guard,
      Duration commitInterval,
      String journal,
      Keep keep,
      boolean reuseFreedFirst) {}

  /** Values being changed: the one place that copies them all. */
  private static final class Draft {
    String layout;
    long sizeBytes;
    long cacheBytes;
    boolean readOnly;
    String guard;
    Duration commitInterval;
    String journal;
    Keep keep;
    boolean reuseFreedFirst;

    Draft(Values from) {
      layout = from.layout;
      sizeBytes = from.sizeBytes;
      cacheBytes = from.cacheBytes;
      readOnly = from.readOnly;
      guard = from.guard;
      commitInterval = from.commitInterval;
      journal = from.journal;
      keep = from.keep;
      reuseFreedFirst = from.reuseFreedFirst;
    }

    Values values() {
      return new Values(
          layout,
          sizeBytes,
          cacheBytes,
          readOnly,
          guard,
          commitInterval,
          journal,
          keep,
          reuseFreedFirst);
    }
  }

  private final Values values;

  private VolumeOptions(Values values) {
    this.values = values;
  }

  /**
   * Layout {@code ext4}, 1 GiB, a cache of 256 MiB or an eighth of the memory this process may use
   * if that is less, guard {@code mapping-lock}, a commit every 5 s, Faultline's own journal, of
   * which the newest 1 GiB is kept.
   */
  public static VolumeOptions defaults() {
    return DEFAULTS;
  }

  private static long defaultCacheBytes() {
    long eighth = HostMemory.bytes() / 8 / BLOCK_SIZE_BYTES * BLOCK_SIZE_BYTES;
    return Math.max(CACHE_BYTES_MIN, Math.min(256L << 20, eighth));
  }

  /** The filesystem kind of a new volume: {@code ext4}. An existing volume keeps its own. */
  public VolumeOptions layout(String layout) {
    String name = oneOf("layout", layout, LAYOUTS);
    return with(draft -> draft.layout = name);
  }

  /**
   * The size of a new volume, see {@link #parseSizeBytes} for the words.
   *
   * @throws IllegalArgumentException not a size, or outside 1 MiB to 16 TiB
   */
  public VolumeOptions size(String size) {
    return size(parseSizeBytes(size));
  }

  /**
   * The size of a new volume in bytes, rounded down to whole blocks. The host's disk is used as
   * files fill up. An existing volume keeps its own.
   *
   * @throws IllegalArgumentException outside 1 MiB to 16 TiB
   */
  public VolumeOptions size(long sizeBytes) {
    inRange("size", sizeBytes, SIZE_BYTES_MIN, SIZE_BYTES_MAX);
    return with(draft -> draft.sizeBytes = wholeBlocks(sizeBytes));
  }

  /** {@link #cacheSize(long)} in the words of {@link #parseSizeBytes}. */
  public VolumeOptions cacheSize(String size) {
    return cacheSize(parseSizeBytes(size));
  }

  /**
   * The page cache in bytes, rounded down to whole pages; memory outside the Java heap.
   *
   * @throws IllegalArgumentException below 1 MiB or more than the memory this process may use
   */
  public VolumeOptions cacheSize(long cacheBytes) {
    inRange("cacheSize", cacheBytes, CACHE_BYTES_MIN, CACHE_BYTES_MAX);
    long memory = HostMemory.bytes();
    if (cacheBytes > memory) {
      throw new IllegalArgumentException(
          "cacheSize=" + cacheBytes + ": this process may use " + memory + " bytes of memory");
    }
    return with(draft -> draft.cacheBytes = wholeBlocks(cacheBytes));
  }

  /** Whether the volume is opened for reading only: every change is refused with EROFS. */
  public VolumeOptions readOnly(boolean readOnly) {
    return with(draft -> draft.readOnly = readOnly);
  }

  /**
   * What keeps fills of the page cache from changes of the mapping: {@code mapping-lock}, one lock
   * for each file; {@code range-lock}, where fills and changes of disjoint ranges go on side by
   * side; {@code reads-under-io-lock}, where reads wait for writes besides. With {@code none}
   * nothing does: it loses data, and is refused on every volume but those that soak makes for
   * itself. Not kept in the volume. Upper case and underscores are understood as well.
   */
  public VolumeOptions guard(String guard) {
    String name = oneOf("guard", guard, GUARDS);
    return with(draft -> draft.guard = name);
  }

  /**
   * How long a change that nobody syncs may stay volatile, at most.
   *
   * @throws IllegalArgumentException outside 1 ms to 5 minutes
   */
  public VolumeOptions commitInterval(Duration interval) {
    if (interval.compareTo(COMMIT_INTERVAL_MIN) < 0
        || interval.compareTo(COMMIT_INTERVAL_MAX) > 0) {
      throw new IllegalArgumentException(
          "commitInterval="
              + interval
              + ": allowed are "
              + COMMIT_INTERVAL_MIN
              + " to "
              + COMMIT_INTERVAL_MAX);
    }
    return with(draft -> draft.commitInterval = interval);
  }

  /**
   * The Akka Persistence journal plugin that keeps the transactions, by its configuration path;
   * {@link #OWN_JOURNAL} unless set.
   *
   * @throws IllegalArgumentException blank
   */
  public VolumeOptions journal(String pluginId) {
    if (pluginId.isBlank()) {
      throw new IllegalArgumentException(
          "journal=\"" + pluginId + "\": a plugin id is a path such as " + OWN_JOURNAL);
    }
    return with(draft -> draft.journal = pluginId);
  }

  /**
   * How much of the journal is kept although a checkpoint has made it superfluous for recovery:
   * {@code all}, a number of days such as {@code 30 days}, or a size in the words of {@link
   * #parseSizeBytes}. What is dropped can no longer be looked at by {@code journal}. At least as
   * much as this is kept, more by what recovery needs and by a segment of 64 MiB.
   *
   * @throws IllegalArgumentException none of these, or more than 100,000 days
   */
  public VolumeOptions keep(String keep) {
    Keep parsed = KeepText.parse(keep);
    return with(draft -> draft.keep = parsed);
  }

  /**
   * Whether the allocator hands out the most recently freed block first. The worst case for stale
   * reads, so soaks ask for it; slower and more fragmented for everybody else.
   */
  public VolumeOptions reuseFreedFirst(boolean reuse) {
    return with(draft -> draft.reuseFreedFirst = reuse);
  }

  /** Filesystem kind of a new volume. */
  public String layout() {
    return values.layout;
  }

  /** Size of a new volume in bytes, a multiple of 4096. */
  public long sizeBytes() {
    return values.sizeBytes;
  }

  /** Page cache in bytes, a multiple of 4096. */
  public long cacheSizeBytes() {
    return values.cacheBytes;
  }

  /** Whether only for reading. */
  public boolean readOnly() {
    return values.readOnly;
  }

  /** Name of the guard, lower case with hyphens. */
  public String guard() {
    return values.guard;
  }

  /** Longest time between commits. */
  public Duration commitInterval() {
    return values.commitInterval;
  }

  /** Configuration path of the journal plugin. */
  public String journal() {
    return values.journal;
  }

  /** How much of the past is kept: {@code all}, {@code N days} or a number of bytes. */
  public String keep() {
    return KeepText.of(values.keep);
  }

  Keep keepPolicy() {
    return values.keep;
  }

  /** Whether the allocator hands out the most recently freed block first. */
  public boolean reuseFreedFirst() {
    return values.reuseFreedFirst;
  }

  /**
   * A size in words: digits and one suffix, in either case: {@code k m g t} or {@code KiB MiB GiB
   * TiB} for powers of 1024, {@code KB MB GB TB} for powers of 1000, as util-linux has it; no
   * suffix or {@code b} for bytes.
   *
   * @throws IllegalArgumentException anything else, or more than 2^63-1
   */
  public static long parseSizeBytes(String size) {
    return SizeText.parseBytes(size);
  }

  private VolumeOptions with(Consumer<Draft> change) {
    Draft draft = new Draft(values);
    change.accept(draft);
    return new VolumeOptions(draft.values());
  }

  private static long wholeBlocks(long bytes) {
    return bytes / BLOCK_SIZE_BYTES * BLOCK_SIZE_BYTES;
  }

  private static String oneOf(String option, String value, List<String> allowed) {
    String name = value.toLowerCase(Locale.ROOT).replace('_', '-');
    if (!allowed.contains(name)) {
      throw new IllegalArgumentException(
          option + "=" + value + ": known are " + String.join(", ", allowed));
    }
    return name;
  }

  private static void inRange(String option, long bytes, long min, long max) {
    if (bytes < min || bytes > max) {
      throw new IllegalArgumentException(
          option + "=" + bytes + ": allowed are " + min + " to " + max + " bytes");
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VolumeOptions that && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return values.toString().replaceFirst("^Values", "VolumeOptions");
  }
}
