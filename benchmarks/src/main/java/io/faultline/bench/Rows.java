package io.faultline.bench;

import static io.faultline.bench.Goal.atLeast;
import static io.faultline.bench.Goal.atMost;
import static io.faultline.bench.Goal.faster;
import static io.faultline.bench.Goal.time;
import static io.faultline.bench.Row.Usual.ofFloor;
import static io.faultline.bench.SharedLocks.READ_WRITE_LOCK;
import static io.faultline.bench.SharedLocks.STAMPED_LOCK;
import static io.faultline.bench.Targets.ALONE;
import static io.faultline.bench.Targets.DIRECT;
import static io.faultline.bench.Targets.ENGINE;
import static io.faultline.bench.Targets.FLOOR;
import static io.faultline.bench.Targets.H2;
import static io.faultline.bench.Targets.HOST;
import static io.faultline.bench.Targets.JIMFS;
import static io.faultline.bench.Targets.MAPPED;
import static io.faultline.bench.Targets.MEMORY_FILE_SYSTEM;

import io.faultline.bench.Row.Setup;
import io.faultline.bench.Row.Usual;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** All rows in which the engine is measured beside peers. */
final class Rows {
  /**
   * How large the files are.
   *
   * @param cachedBytes of the rows about cached data, a power of two
   * @param mixedBytes of those in which one reads what another writes, a power of two
   * @param appendBytes how far a file grows by appends
   * @param missBytes of the rows about data that is not cached, a power of two
   * @param coldBytes of those that are read once, a multiple of 4 MiB
   * @param names how many files a directory has
   * @param files how many files a volume has whose footprint is measured
   * @param events how many events the replayed journal has at least
   */
  record Sizes(
      long cachedBytes,
      long mixedBytes,
      long appendBytes,
      long missBytes,
      long coldBytes,
      int names,
      int files,
      int events) {
    static final Sizes NORMAL =
        new Sizes(
            256L << 20, 128L << 20, 48L << 20, 2L << 30, 512L << 20, 2000, 1_000_000, 1_000_000);
    static final Sizes QUICK =
        new Sizes(128L << 20, 64L << 20, 16L << 20, 512L << 20, 256L << 20, 1000, 100_000, 100_000);
    static final Sizes TINY = new Sizes(1 << 20, 1 << 20, 1 << 20, 4 << 20, 4 << 20, 20, 1100, 500);
  }

  private static final List<String> ALL = List.of(ENGINE, FLOOR, MAPPED, HOST, JIMFS, H2);
  private static final List<String> SHARING =
      List.of(ENGINE, ALONE, FLOOR, MAPPED, HOST, JIMFS, H2);
  private static final List<String> SMALL =
      List.of(ENGINE, FLOOR, MAPPED, HOST, JIMFS, H2, MEMORY_FILE_SYSTEM);
  private static final List<String> GROWING = List.of(ENGINE, FLOOR, HOST, JIMFS, H2);
  private static final List<String> MIXED = List.of(ENGINE, MAPPED, HOST, JIMFS, H2);
  private static final List<String> NAMING = List.of(ENGINE, HOST, JIMFS, MEMORY_FILE_SYSTEM);
  private static final List<String> LOCKS = List.of(ENGINE, READ_WRITE_LOCK, STAMPED_LOCK);
  private static final List<String> BESIDE_DEVICE = List.of(ENGINE, HOST, DIRECT);
  private static final List<String> DEVICE = List.of(ENGINE, DIRECT);
  private static final List<String> ONLY = List.of(ENGINE);

  private Rows() {}

  /** In the order in which they are measured; those of one set-up lie together. */
  static List<Row> of(Sizes size) {
    long cached = size.cachedBytes;
    return List.of(
        Row.of(
                "read",
                "cached 4 KiB random read, " + mib(cached) + ", 1 thread",
                ALL,
                reads(cached, 1))
            .reaching(
                faster(HOST, 2.2),
                faster(JIMFS, 1.6),
                time(FLOOR, 1.3),
                faster(H2, 1.4),
                noAllocation())
            .where(ofFloor(HOST, 2.7), ofFloor(JIMFS, 2.1), ofFloor(H2, 1.6), ofFloor(MAPPED, 1)),
        Row.of("read2", "the same, 2 threads on one open file", SHARING, reads(cached, 2))
            .needing(2)
            .reaching(faster(HOST, 3), faster(H2, 1.7), faster(JIMFS, 3.3), time(ALONE, 1.1))
            .where(ofFloor(HOST, 3.9), ofFloor(JIMFS, 4.2), ofFloor(H2, 2.2), ofFloor(MAPPED, 1)),
        Row.of("hot", "one hot page, 1 thread", SMALL, reads(Pages.BYTES, 1))
            .reaching(faster(HOST, 10), faster(JIMFS, 5), time(FLOOR, 1.5), noAllocation())
            .where(ofFloor(HOST, 15), ofFloor(JIMFS, 8), ofFloor(H2, 2.3), ofFloor(MAPPED, 1)),
        Row.of("hot2", "one hot page, 2 threads on one open file", SMALL, reads(Pages.BYTES, 2))
            .needing(2)
            .reaching(faster(HOST, 25), faster(JIMFS, 30), time(FLOOR, 1.5))
            .where(ofFloor(HOST, 29), ofFloor(JIMFS, 36), ofFloor(H2, 7), ofFloor(MAPPED, 1)),
        Row.of(
                "span2",
                "cached 4 KiB random read, 1 MiB, 2 threads, own open files",
                SMALL,
                spanReads())
            .needing(2)
            .reaching(faster(HOST, 7), time(FLOOR, 1.2))
            .where(
                ofFloor(HOST, 8.6),
                ofFloor(JIMFS, 15.6),
                ofFloor(H2, 7.1),
                ofFloor(MEMORY_FILE_SYSTEM, 4.8),
                ofFloor(MAPPED, 1)),
        Row.of("lock", "mapping lock, shared acquire and release, 1 thread", LOCKS, locks(1))
            .reaching(atMost("ns", 12)),
        Row.of("lock2", "mapping lock, shared acquire and release, 2 threads", LOCKS, locks(2))
            .needing(2)
            .reaching(atMost("ns", 25)),
        Row.of(
                "sequential",
                "cached 128 KiB sequential read, " + mib(cached) + ", 1 thread",
                ALL,
                new Reading(cached, 1, true))
            .reaching(time(HOST, 0.9), time(FLOOR, 1.1))
            .where(ofFloor(HOST, 1), ofFloor(JIMFS, 0.9), ofFloor(H2, 1), ofFloor(MAPPED, 0.9)),
        Row.of(
                "overwrite",
                "4 KiB random overwrite, " + mib(cached) + ", 1 thread",
                ALL,
                new Overwriting(cached, 1))
            .reaching(faster(HOST, 3), faster(JIMFS, 1.7), time(FLOOR, 1.25))
            .where(ofFloor(HOST, 4), ofFloor(JIMFS, 2.1), ofFloor(H2, 2.2), ofFloor(MAPPED, 0.9)),
        Row.of(
                "overwrite2",
                "the same, 2 threads, one file, own open files",
                ALL,
                new Overwriting(cached, 2))
            .needing(2)
            .longer(2)
            .reaching(faster(HOST, 4), faster(JIMFS, 2), time(FLOOR, 1.25))
            .where(ofFloor(HOST, 8.5), ofFloor(JIMFS, 5.8), ofFloor(H2, 5), ofFloor(MAPPED, 0.95)),
        Row.of(
                "append",
                "4 KiB buffered append, to " + mib(size.appendBytes),
                GROWING,
                new Appending(size.appendBytes))
            .reaching(faster(HOST, 3), faster(JIMFS, 1.05))
            .where(new Usual(HOST, JIMFS, "ns", 2.9), new Usual(H2, JIMFS, "ns", 2.2)),
        mixed("mixed4k", 4, size),
        mixed("mixed128k", 128, size),
        mixed("mixed1m", 1024, size),
        Row.of(
                "punch",
                "4 KiB random reader beside punching 64 KiB and writing it again, "
                    + mib(size.mixedBytes),
                List.of(ENGINE, HOST),
                new Mixing(size.mixedBytes, 64 << 10, true))
            .needing(2)
            .longer(3)
            .reaching(faster(HOST, 1.5).of("changeNs"), atLeast("kept", 0.9))
            .where(new Usual(HOST, HOST, "kept", 0.85)),
        Row.of(
                "names",
                "create, stat, unlink, " + size.names + " names, 1 thread",
                NAMING,
                new Naming(size.names))
            .reaching(
                faster(JIMFS, 1).of("create"),
                faster(JIMFS, 1.3).of("stat"),
                atMost("create", 1500),
                atMost("stat", 200),
                atMost("unlink", 1500))
            .where(
                new Usual(MEMORY_FILE_SYSTEM, JIMFS, "create", 2.2),
                new Usual(MEMORY_FILE_SYSTEM, JIMFS, "stat", 3.5)),
        Row.of(
                "cold",
                "cold sequential read, " + mib(size.coldBytes) + "; time of a MiB",
                BESIDE_DEVICE,
                new ColdReading(size.coldBytes))
            .needing(2)
            .reaching(faster(HOST, 3), faster(DIRECT, 0.9))
            .where(new Usual(HOST, DIRECT, "ns", 3.7)),
        Row.of(
                "hitlocks",
                "mapping lock acquisitions by a cached 4 KiB read",
                ONLY,
                new HitLocks(1 << 20))
            .in(Setup.COUNTING)
            .reaching(atMost("locks", 0)),
        Row.of(
                "miss",
                "4 KiB random read that misses, " + mib(size.missBytes) + ", O_DIRECT, 1 thread",
                DEVICE,
                new Reading(size.missBytes, 1, false))
            .in(Setup.MISSING)
            .longer(2)
            .reaching(time(DIRECT, 1.05)),
        Row.of("miss16", "the same, 16 threads", DEVICE, new Reading(size.missBytes, 16, false))
            .in(Setup.MISSING)
            .needing(2)
            .longer(2)
            .reaching(faster(DIRECT, 0.9)),
        Row.of(
                "footprint",
                String.format(
                    Locale.ROOT,
                    "heap bytes of %,d files, of an open file, of a cached page",
                    size.files),
                ONLY,
                new Footprint(size.files, Math.max(cached, 16L << 20)))
            .in(Setup.MISSING)
            .reaching(atMost("page", 16), atMost("inode", 300)),
        Row.of("start", "start of a JVM to the first read of a new volume", ONLY, new StartingUp())
            .in(Setup.MISSING)
            .reaching(atMost("seconds", 1)),
        synced("append1", "1 thread", BESIDE_DEVICE, 1, false)
            .reaching(faster(HOST, 1), time(HOST, 2).of("p99"), time(DIRECT, 1.3).of("p50"))
            .where(new Usual(HOST, DIRECT, "p50", 2.2)),
        synced("append16own", "16 threads, own files", List.of(ENGINE, HOST), 16, false)
            .reaching(faster(HOST, 2)),
        synced("append16shared", "16 threads, one file", BESIDE_DEVICE, 16, true)
            .reaching(faster(HOST, 2))
            .where(new Usual(HOST, DIRECT, "ns", 1.3)),
        creating("createVirtual", "64 virtual threads", true),
        creating("createPlatform", "64 platform threads", false),
        Row.of(
                "sync.replay",
                "a journal read and folded, and recovered by an open; events/s",
                ONLY,
                new Replaying(size.events))
            .in(Setup.USUAL)
            .reaching(atLeast("folded", 1e6), atLeast("recovered", 1e6)),
        Row.of("sync.idle", "an idle second after a sync", ONLY, new Idling())
            .in(Setup.USUAL)
            .reaching(atMost("commits", 0), atMost("journalBytes", 0), atMost("syncs", 0)));
  }

  /** Reads of pages of one open file. */
  private static Forks reads(long bytes, int threads) {
    return new Forks(CachedReads.class, threads, Map.of("spanBytes", "" + bytes));
  }

  private static Forks spanReads() {
    return new Forks(CachedReads.class, 2, Map.of("spanBytes", "" + (1 << 20), "shared", "false"));
  }

  private static Forks locks(int threads) {
    return new Forks(SharedLocks.class, threads, Map.of());
  }

  /**
   * Nothing: an object has 16 bytes at least, but what other threads of the JVM allocate counts.
   */
  private static Goal noAllocation() {
    return atMost("allocated", 0.5);
  }

  private static Row mixed(String key, int kib, Sizes size) {
    String title =
        "4 KiB random reader beside a writer of " + kib + " KiB, " + mib(size.mixedBytes);
    return Row.of(key, title, MIXED, new Mixing(size.mixedBytes, kib << 10, false))
        .needing(2)
        .longer(3)
        .reaching(
            atLeast("kept", 0.9), faster(JIMFS, 50), faster(HOST, 1.7), atMost("p999Times", 3))
        .where(new Usual(HOST, HOST, "kept", 1));
  }

  private static Row synced(
      String key, String threads, List<String> targets, int count, boolean shared) {
    String title = "append 4 KiB + sync, " + threads + "; percentiles in microseconds";
    return Row.of("sync." + key, title, targets, new SyncedAppending(count, shared))
        .in(Setup.USUAL)
        .needing(2)
        .longer(4);
  }

  private static Row creating(String key, String threads, boolean virtual) {
    String title = "create + sync, " + threads + ", over memory whose sync takes 0.2 ms";
    return Row.of("sync." + key, title, ONLY, new Creating(virtual))
        .in(Setup.USUAL)
        .needing(2)
        .longer(4)
        .reaching(atLeast("perSecond", 40_000));
  }

  private static String mib(long bytes) {
    return (bytes >> 20) + " MiB";
  }
}
