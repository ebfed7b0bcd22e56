package io.faultline.bench;

import static io.faultline.bench.Goal.atLeast;
import static io.faultline.bench.Goal.atMost;
import static io.faultline.bench.Goal.faster;
import static io.faultline.bench.Goal.time;
import static io.faultline.bench.Row.Usual.ofFloor;
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
import java.util.ArrayList;
import java.util.List;

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
   */
  record Sizes(
      long cachedBytes,
      long mixedBytes,
      long appendBytes,
      long missBytes,
      long coldBytes,
      int names,
      int files) {
    static final Sizes NORMAL =
        new Sizes(256L << 20, 128L << 20, 48L << 20, 2L << 30, 512L << 20, 2000, 1_000_000);
    static final Sizes QUICK =
        new Sizes(128L << 20, 64L << 20, 16L << 20, 512L << 20, 256L << 20, 1000, 100_000);
    static final Sizes TINY = new Sizes(1 << 20, 1 << 20, 1 << 20, 4 << 20, 4 << 20, 20, 1100);
  }

  private static final List<String> ALL = List.of(ENGINE, FLOOR, MAPPED, HOST, JIMFS, H2);
  private static final List<String> SMALL =
      List.of(ENGINE, FLOOR, MAPPED, HOST, JIMFS, H2, MEMORY_FILE_SYSTEM);
  private static final List<String> GROWING =
      List.of(ENGINE, FLOOR, HOST, JIMFS, H2, MEMORY_FILE_SYSTEM);
  private static final List<String> MIXED = List.of(ENGINE, MAPPED, HOST, JIMFS, H2);
  private static final int PAGE = Pages.BYTES;

  private Rows() {}

  /** In the order in which they are measured; those of one set-up lie together. */
  static List<Row> of(Sizes sizes) {
    List<Row> rows = new ArrayList<>();
    rows.addAll(reads(sizes));
    rows.addAll(writes(sizes));
    rows.addAll(mixed(sizes));
    rows.addAll(others(sizes));
    rows.addAll(device(sizes));
    return rows;
  }

  private static List<Row> reads(Sizes sizes) {
    long file = sizes.cachedBytes;
    return List.of(
        new Row(
            "read",
            "cached 4 KiB random read, %d MiB, 1 thread".formatted(file >> 20),
            Setup.CACHED,
            ALL,
            new Reading(file, file, PAGE, false, 1, true),
            1,
            1,
            List.of(faster(HOST, 2.2), faster(JIMFS, 1.6), time(FLOOR, 1.3), faster(H2, 1.4)),
            List.of(ofFloor(HOST, 2.7), ofFloor(JIMFS, 2.1), ofFloor(H2, 1.6), ofFloor(MAPPED, 1))),
        new Row(
            "read2",
            "the same, 2 threads on one open file",
            Setup.CACHED,
            ALL,
            new Reading(file, file, PAGE, false, 2, true),
            2,
            2,
            List.of(faster(HOST, 3), faster(H2, 1.7), faster(JIMFS, 3.3), atMost("grows", 1.1)),
            List.of(ofFloor(HOST, 3.9), ofFloor(JIMFS, 4.2), ofFloor(H2, 2.2), ofFloor(MAPPED, 1))),
        new Row(
            "hot",
            "one hot page, 1 thread",
            Setup.CACHED,
            SMALL,
            new Reading(PAGE, PAGE, PAGE, false, 1, true),
            1,
            1,
            List.of(faster(HOST, 10), faster(JIMFS, 5), time(FLOOR, 1.5)),
            List.of(ofFloor(HOST, 15), ofFloor(JIMFS, 8), ofFloor(H2, 2.3), ofFloor(MAPPED, 1))),
        new Row(
            "hot2",
            "one hot page, 2 threads on one open file",
            Setup.CACHED,
            SMALL,
            new Reading(PAGE, PAGE, PAGE, false, 2, true),
            2,
            2,
            List.of(faster(HOST, 25), faster(JIMFS, 30), time(FLOOR, 1.5)),
            List.of(ofFloor(HOST, 29), ofFloor(JIMFS, 36), ofFloor(H2, 7), ofFloor(MAPPED, 1))),
        new Row(
            "span2",
            "cached 4 KiB random read, 1 MiB, 2 threads, own open files",
            Setup.CACHED,
            SMALL,
            new Reading(1 << 20, 1 << 20, PAGE, false, 2, false),
            2,
            2,
            List.of(faster(HOST, 7), time(FLOOR, 1.2)),
            List.of(
                ofFloor(HOST, 8.6),
                ofFloor(JIMFS, 15.6),
                ofFloor(H2, 7.1),
                ofFloor(MEMORY_FILE_SYSTEM, 4.8),
                ofFloor(MAPPED, 1))),
        new Row(
            "sequential",
            "cached 128 KiB sequential read, %d MiB, 1 thread".formatted(file >> 20),
            Setup.CACHED,
            ALL,
            new Reading(file, file, 128 << 10, true, 1, true),
            1,
            1,
            List.of(time(HOST, 0.9), time(FLOOR, 1.1)),
            List.of(ofFloor(HOST, 1), ofFloor(JIMFS, 0.9), ofFloor(H2, 1), ofFloor(MAPPED, 0.9))));
  }

  private static List<Row> writes(Sizes sizes) {
    long file = sizes.cachedBytes;
    return List.of(
        new Row(
            "overwrite",
            "4 KiB random overwrite, %d MiB, 1 thread".formatted(file >> 20),
            Setup.CACHED,
            ALL,
            new Overwriting(file, 1),
            1,
            1,
            List.of(faster(HOST, 3), faster(JIMFS, 1.7), time(FLOOR, 1.25)),
            List.of(ofFloor(HOST, 4), ofFloor(JIMFS, 2.1), ofFloor(H2, 2.2), ofFloor(MAPPED, 0.9))),
        new Row(
            "overwrite2",
            "the same, 2 threads, one file, own open files",
            Setup.CACHED,
            ALL,
            new Overwriting(file, 2),
            2,
            2,
            List.of(faster(HOST, 4), faster(JIMFS, 2), time(FLOOR, 1.25)),
            List.of(
                ofFloor(HOST, 8.5), ofFloor(JIMFS, 5.8), ofFloor(H2, 5), ofFloor(MAPPED, 0.95))),
        new Row(
            "append",
            "4 KiB buffered append, to %d MiB".formatted(sizes.appendBytes >> 20),
            Setup.CACHED,
            sizes.appendBytes <= 16 << 20 ? GROWING : GROWING.subList(0, 5),
            new Appending(sizes.appendBytes),
            1,
            1,
            List.of(faster(HOST, 3), faster(JIMFS, 1.05)),
            List.of(new Usual(HOST, JIMFS, "ns", 2.9), new Usual(H2, JIMFS, "ns", 2.2))));
  }

  private static List<Row> mixed(Sizes sizes) {
    List<Row> rows = new ArrayList<>();
    for (int kib : new int[] {4, 128, 1024}) {
      rows.add(
          new Row(
              "mixed" + (kib < 1024 ? kib + "k" : "1m"),
              "4 KiB random reader beside a writer of %d KiB, %d MiB"
                  .formatted(kib, sizes.mixedBytes >> 20),
              Setup.CACHED,
              MIXED,
              new Mixing(sizes.mixedBytes, kib << 10, false),
              2,
              3,
              List.of(
                  atLeast("kept", 0.9),
                  faster(JIMFS, 50),
                  faster(HOST, 1.7),
                  atMost("p999Times", 3)),
              List.of(new Usual(HOST, HOST, "kept", 1))));
    }
    rows.add(
        new Row(
            "punch",
            "4 KiB random reader beside punching 64 KiB and writing it again, %d MiB"
                .formatted(sizes.mixedBytes >> 20),
            Setup.CACHED,
            List.of(ENGINE, HOST),
            new Mixing(sizes.mixedBytes, 64 << 10, true),
            2,
            3,
            List.of(faster(HOST, 1.5).of("changeNs"), atLeast("kept", 0.9)),
            List.of(new Usual(HOST, HOST, "kept", 0.85))));
    return rows;
  }

  private static List<Row> others(Sizes sizes) {
    List<String> named = List.of(ENGINE, HOST, JIMFS, MEMORY_FILE_SYSTEM);
    return List.of(
        new Row(
            "names",
            "create, stat, unlink, %d names, 1 thread".formatted(sizes.names),
            Setup.CACHED,
            named,
            new Naming(sizes.names),
            1,
            1,
            List.of(
                faster(JIMFS, 1).of("create"),
                faster(JIMFS, 1.3).of("stat"),
                atMost("create", 1500),
                atMost("stat", 200),
                atMost("unlink", 1500)),
            List.of()),
        new Row(
            "cold",
            "cold sequential read, %d MiB; time of a MiB".formatted(sizes.coldBytes >> 20),
            Setup.CACHED,
            List.of(ENGINE, HOST, DIRECT),
            new ColdReading(sizes.coldBytes),
            2,
            1,
            List.of(faster(HOST, 3), faster(DIRECT, 0.9)),
            List.of(new Usual(HOST, DIRECT, "ns", 3.7))),
        lock("lock", "mapping lock, shared acquire and release, 1 thread", 1, 12),
        lock("lock2", "mapping lock, shared acquire and release, 2 threads", 2, 25),
        new Row(
            "allocation",
            "heap bytes allocated by a cached 4 KiB read",
            Setup.CACHED,
            List.of(ENGINE, HOST, JIMFS, H2),
            new HitCosts(1 << 20),
            0,
            1,
            List.of(atMost("allocated", 0)),
            List.of()),
        new Row(
            "hitlocks",
            "mapping lock acquisitions by a cached 4 KiB read",
            Setup.COUNTING,
            List.of(ENGINE),
            new HitCosts(1 << 20),
            0,
            1,
            List.of(atMost("locks", 0)),
            List.of()));
  }

  private static Row lock(String key, String title, int threads, double nanosMax) {
    return new Row(
        key,
        title,
        Setup.CACHED,
        List.of(ENGINE),
        new Locking(threads),
        threads,
        1,
        List.of(atMost("ns", nanosMax)),
        List.of());
  }

  private static List<Row> device(Sizes sizes) {
    long file = sizes.missBytes;
    return List.of(
        new Row(
            "miss",
            "4 KiB random read that misses, %d MiB, O_DIRECT, 1 thread".formatted(file >> 20),
            Setup.MISSING,
            List.of(ENGINE, DIRECT),
            new Reading(file, file, PAGE, false, 1, true),
            1,
            2,
            List.of(time(DIRECT, 1.05)),
            List.of()),
        new Row(
            "miss16",
            "the same, 16 threads",
            Setup.MISSING,
            List.of(ENGINE, DIRECT),
            new Reading(file, file, PAGE, false, 16, true),
            2,
            2,
            List.of(faster(DIRECT, 0.9)),
            List.of()),
        new Row(
            "footprint",
            "heap bytes of %,d files, of an open file, of a cached page".formatted(sizes.files),
            Setup.MISSING,
            List.of(ENGINE),
            new Footprint(sizes.files, Math.max(sizes.cachedBytes, 16L << 20)),
            0,
            1,
            List.of(atMost("page", 16), atMost("inode", 300)),
            List.of()),
        new Row(
            "start",
            "start of a JVM to the first read of a new volume",
            Setup.MISSING,
            List.of(ENGINE),
            new StartingUp(),
            1,
            1,
            List.of(atMost("seconds", 1)),
            List.of()));
  }
}
