package io.faultline.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * All that is measured, beside what a user would pick instead, in one run. Says which goal is met
 * and which is missed, which is no failure; wrong data is, and a target that could not be measured.
 * Use one instance once.
 */
public final class BenchRun {
  /** Everything that was read was right. */
  public static final int HELD = 0;

  /** It was not; the line {@code VIOLATION …} says what. */
  public static final int VIOLATION = 3;

  private final BenchOptions options;
  private final PrintWriter out;
  private final Machine machine = new Machine(Path.of("/proc"));
  private final Figures figures = new Figures();
  private final Sheet sheet = new Sheet();
  private final List<String> notMeasured = new ArrayList<>();
  private long failed;

  /** Figures that are printed to {@code out}. */
  public BenchRun(BenchOptions options, PrintWriter out) {
    this.options = options;
    this.out = out;
  }

  /**
   * Measures, prints and returns {@link #HELD} or {@link #VIOLATION}.
   *
   * @throws IllegalArgumentException a row is asked for that does not exist
   * @throws IOException it could not be done, or a target failed that is there; the figures of the
   *     others are printed and written all the same
   */
  public int run() throws IOException {
    List<Row> rows = Selection.of(Rows.of(PeerMain.sizes(options.sizes())), options.rows());
    for (Path file : new Path[] {options.json(), options.results()}) {
      if (file != null) {
        // Before the load: minutes of figures must not be lost to a bad path.
        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
      }
    }
    Path directory = Files.createTempDirectory(options.directory(), "faultline-bench-");
    int verdict = HELD;
    List<String> head = new ArrayList<>();
    try {
      head = head(directory);
      head.forEach(line -> say("bench: " + line));
      try (PeerBench bench = new PeerBench(options, directory, machine)) {
        for (Row row : rows) {
          RowResult result = bench.measure(row);
          Sheet.text(result).forEach(this::say);
          Sheet.put(result, figures);
          sheet.add(result);
          notMeasured.addAll(result.notMeasured());
          failed += result.failed();
        }
      }
    } catch (WrongDataException wrong) {
      say("VIOLATION " + wrong.getMessage());
      verdict = VIOLATION;
    } finally {
      Removal.of(directory);
    }
    figures.put("result", verdict == HELD ? "held" : "violation");
    say("");
    say(sheet.summary());
    notMeasured.forEach(each -> say("not measured: " + each));
    write(head, verdict);
    if (verdict == HELD && failed > 0) {
      throw new IOException(failed + " targets failed, the last lines of the output say which");
    }
    return verdict;
  }

  private void write(List<String> head, int verdict) throws IOException {
    Path json = options.json();
    if (json != null) {
      Files.writeString(json, figures.json());
    }
    Path results = options.results();
    if (results != null && verdict == HELD) {
      Files.writeString(results, sheet.markdown(head));
      say("bench: written to " + results);
    }
  }

  /** Where and how, for people. */
  private List<String> head(Path directory) throws IOException {
    List<String> lines = new ArrayList<>();
    FileStore store = Files.getFileStore(directory);
    int cores = Runtime.getRuntime().availableProcessors();
    lines.add(
        "%s, commit %s%s"
            .formatted(
                LocalDate.now(ZoneOffset.UTC),
                commit(),
                options.sizes().equals("normal") ? "" : ", " + options.sizes()));
    lines.add(
        String.format(
            Locale.ROOT,
            "%s, %d cores, %.1f GiB; %s %s; %s %s",
            machine.processor(),
            cores,
            machine.memoryBytes() / (double) (1 << 30),
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("java.vm.name"),
            Runtime.version()));
    lines.add("%s on %s".formatted(store.type(), store.name()));
    lines.add(
        ("%d ms a target in each of %d forks of JMH (read, hot, span2, lock) or in %d rounds"
                + " (overwrite2 and miss twice, mixed and punch thrice, sync four times that)")
            .formatted(options.windowMillis(), options.forks(), options.rounds()));
    if (HostJournal.missing(store)) {
      lines.add(
          "the host's ext4 keeps no journal: its syncs write less than those of one that recovers");
    }
    String readahead = machine.readahead(store.name());
    if (!readahead.isEmpty() && !readahead.equals(Machine.READAHEAD_DEFAULT)) {
      lines.add(
          "the host reads %s KiB ahead here, the default is %s: the goals of cold are about that"
              .formatted(readahead, Machine.READAHEAD_DEFAULT));
    }
    double load = machine.load();
    double others = othersAtStart();
    lines.add(
        String.format(
            Locale.ROOT,
            "load average %.2f at the start, %.2f cores used by others in that second%s",
            load,
            others,
            load > Verdict.OTHERS_CORES_MAX && others <= Verdict.OTHERS_CORES_MAX
                ? ": the load is of what has ended"
                : ""));
    if (others > Verdict.OTHERS_CORES_MAX) {
      lines.add("WARNING the machine is busy: trust ratios little, and no other figure");
    }
    if (!store.type().equals(Targets.HOST)) {
      lines.add("WARNING the goals are about ext4, the host has " + store.type());
    }
    figures.put("rounds", options.rounds());
    figures.put("cores", cores);
    figures.put("host", store.type());
    figures.put("loadAtStart", load);
    figures.put("othersCoresAtStart", others);
    return lines;
  }

  private double othersAtStart() throws IOException {
    Set<Long> ours = Set.of(ProcessHandle.current().pid());
    Machine.Reading before = machine.read(ours);
    try {
      Thread.sleep(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return Machine.cores(before, machine.read(ours));
  }

  /** What git says of the sources, if they are where the launcher said. */
  private static String commit() {
    String root = System.getProperty("faultline.root", "");
    if (root.isEmpty()) {
      return "unknown";
    }
    try {
      Process git =
          new ProcessBuilder("git", "-C", root, "describe", "--always", "--dirty", "--abbrev=12")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return git.waitFor() == 0 && !said.isEmpty() ? said : "unknown";
    } catch (IOException noGit) {
      return "unknown";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }

  private void say(String line) {
    out.println(line);
    out.flush();
  }
}
