package io.faultline.soak.price;

import io.faultline.OpenFile;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Checks;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/**
 * What every guard costs, row by row, in wall time: real threads, real volumes, all guards in turn
 * within each round, everything that is read checked. Use one instance once.
 */
public final class PriceList {
  /** Every read under a guard was right. */
  public static final int HELD = 0;

  /** One was not; the line {@code VIOLATION …} says which. */
  public static final int VIOLATION = 3;

  private static final double LOAD_PER_CORE_MAX = 0.5;

  private final PriceOptions options;
  private final PrintWriter out;
  private final List<Contender> contenders = new ArrayList<>();
  private final PriceTable table = new PriceTable(Guard.MAPPING_LOCK.optionName());
  private final BiFunction<Guard, OpenFile, OpenFile> wrapping;

  /** A price list that is printed to {@code out}. */
  public PriceList(PriceOptions options, PrintWriter out) {
    this(options, out, (guard, file) -> file);
  }

  /** As {@link #PriceList(PriceOptions, PrintWriter)}, with files that a test breaks. */
  PriceList(PriceOptions options, PrintWriter out, BiFunction<Guard, OpenFile, OpenFile> wrapping) {
    this.options = options;
    this.out = out;
    this.wrapping = wrapping;
  }

  /**
   * Measures, prints and returns {@link #HELD} or {@link #VIOLATION}.
   *
   * @throws IOException it could not be done
   */
  public int run() throws IOException {
    Path json = options.json();
    if (json != null) {
      // Before the load: minutes of figures must not be lost to a bad path.
      Files.newOutputStream(json, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
    }
    Path directory = Files.createTempDirectory("faultline-price-");
    try {
      tellWhereAndHow(directory);
      make(new Contender.Recipe(options, directory, wrapping));
      List<Row> rows = Row.all();
      for (int round = -1; round < options.rounds(); round++) {
        measure(rows, round);
        if (contenders.stream().anyMatch(c -> c.guarded() && c.wrong() > 0)) {
          break;
        }
      }
      int verdict = verdict(rows);
      if (json != null) {
        Files.writeString(json, table.json());
      }
      return verdict;
    } finally {
      try {
        closeAll();
      } finally {
        remove(directory);
      }
    }
  }

  private void tellWhereAndHow(Path directory) {
    int cores = Runtime.getRuntime().availableProcessors();
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    say(
        "price: layout %s, %d rounds of %d ms a figure and one to warm up, files of %s KiB, in %s"
            .formatted(
                options.layout(),
                options.rounds(),
                options.windowMillis(),
                PriceTable.whole(options.spanBytes() / 1024.0),
                directory));
    say(String.format(Locale.ROOT, "price: %d cores, machine load %.2f at the start", cores, load));
    if (load > LOAD_PER_CORE_MAX * cores) {
      say("price: WARNING the machine is busy: trust no figure, and ratios little");
    }
    if (Checks.ON) {
      say("price: WARNING this JVM checks invariants: no figure is what a user would see");
    }
    table.put("layout", options.layout());
    table.put("rounds", options.rounds());
    table.put("windowMillis", options.windowMillis());
    table.put("spanBytes", options.spanBytes());
    table.put("cores", cores);
    table.put("loadAtStart", load);
  }

  private void make(Contender.Recipe recipe) throws IOException {
    for (Guard guard : Guard.values()) {
      try {
        contenders.add(Contender.of(guard, recipe));
      } catch (IOException refused) {
        if (guard == Guard.MAPPING_LOCK) {
          throw refused;
        }
        say("price: %s is left out: %s".formatted(guard, refused.getMessage()));
      }
    }
    contenders.add(Contender.unlocked(recipe));
  }

  /** Rounds below 0 are for warming up. */
  private void measure(List<Row> rows, int round) throws IOException {
    // Nobody comes first twice in a row: the first one after a row meets other caches.
    List<Contender> turn = new ArrayList<>(contenders);
    Collections.rotate(turn, -Math.floorMod(round, turn.size()));
    for (Row row : rows) {
      for (Contender contender : turn) {
        if (contender.lost() != null || (contender.truncatesOnly() && !row.ofTruncate())) {
          continue;
        }
        try {
          Row.Sample sample = row.load().of(contender, options.windowMillis());
          contender.settle();
          if (round >= 0) {
            table.add(row, contender.name(), sample);
          }
        } catch (IOException | RuntimeException failure) {
          if (contender.guarded()) {
            throw failure;
          }
          contender.lose(row.key() + ": " + failure.getMessage());
        }
      }
    }
  }

  private int verdict(List<Row> rows) {
    for (Row row : rows) {
      table.lines(row).forEach(out::println);
      if (row.ofTruncate()) {
        tellWhatTruncatePays(row);
      }
    }
    out.println();
    int verdict = HELD;
    for (Contender contender : contenders) {
      String violation = contender.violation();
      if (contender.guarded() && violation != null) {
        out.println(violation);
        verdict = VIOLATION;
      }
      if (!contender.truncatesOnly()) {
        say("%s: stale reads: %d".formatted(contender.name(), contender.wrong()));
        table.put(contender.name() + ".staleReads", contender.wrong());
      }
      if (contender.lost() != null) {
        say("%s: lost its volume in %s".formatted(contender.name(), contender.lost()));
      }
    }
    table.put("result", verdict == HELD ? "held" : "violation");
    out.flush();
    return verdict;
  }

  /** The question of the cover letter: what a filesystem that never punches pays. */
  private void tellWhatTruncatePays(Row row) {
    String with = Guard.MAPPING_LOCK.optionName();
    LockCost.Cost alone = LockCost.measure(options.rounds());
    table.put("lock.sharedNanos", alone.sharedNanos());
    table.put("lock.exclusiveNanos", alone.exclusiveNanos());
    if (table.has(row, with) && table.has(row, Contender.UNLOCKED)) {
      Spread extra = table.extraNanos(row.key(), with, Contender.UNLOCKED);
      table.put("truncate.extraNanos", extra);
      say(
          "  truncate pays: %s with the mapping lock, %s without, a difference of %s"
              .formatted(
                  nanos(table.nanos(row.key(), with)),
                  nanos(table.nanos(row.key(), Contender.UNLOCKED)),
                  nanos(extra)));
    }
    say(
        "  the lock alone: %s exclusive as truncate takes it, %s shared as a fill takes it"
            .formatted(nanos(alone.exclusiveNanos()), nanos(alone.sharedNanos())));
    for (String layout : List.of("ext2", "zonefs")) {
      say(
          "  truncate on %s, with and without the mapping lock: needs layout %s"
              .formatted(layout, layout));
    }
  }

  private static String nanos(Spread spread) {
    return String.format(
        Locale.ROOT, "%.1f ns (%.1f..%.1f)", spread.median(), spread.min(), spread.max());
  }

  private void say(String line) {
    out.println(line);
    out.flush();
  }

  private void closeAll() throws IOException {
    IOException failure = null;
    for (Contender contender : contenders) {
      try {
        contender.close();
      } catch (IOException failed) {
        failure = failed;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static void remove(Path directory) throws IOException {
    try (Stream<Path> inside = Files.walk(directory)) {
      for (Path each : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    }
  }
}
