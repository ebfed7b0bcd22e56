package io.faultline.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Measures rows: every target in a JVM of its own, and in every round all of them, one behind the
 * other, each time beginning with another. So a call site knows one target only, and what the
 * machine does to one it does to all. A JVM lives as long as its rows, or, of JMH, for a round. Use
 * one instance once.
 */
final class PeerBench implements AutoCloseable {
  private final BenchOptions options;
  private final Path directory;
  private final Machine machine;
  private final Map<Row.Setup, Map<String, PeerProcess>> peers = new EnumMap<>(Row.Setup.class);

  /** Measures in {@code directory}. */
  PeerBench(BenchOptions options, Path directory, Machine machine) {
    this.options = options;
    this.directory = directory;
    this.machine = machine;
  }

  /**
   * Measures one row.
   *
   * @throws WrongDataException a target read what was not written; the message names it
   */
  RowResult measure(Row row) throws IOException {
    endOtherSetups(row.setup());
    Map<String, String> failures = new LinkedHashMap<>();
    Map<String, List<Map<String, Double>>> samples = new LinkedHashMap<>();
    for (String target : row.targets()) {
      attempt(row, target, failures, () -> prepare(row, target));
    }
    List<String> targets = new ArrayList<>(row.targets());
    targets.removeAll(failures.keySet());
    boolean forked = row.work() instanceof Forks;
    int rounds = row.work().once() ? 1 : forked ? options.forks() : options.rounds();
    double[] others = new double[rounds];
    for (int round = row.work().once() || forked ? 0 : -1; round < rounds; round++) {
      Machine.Reading before = machine.read(ours());
      for (int i = 0; i < targets.size(); i++) {
        String target = targets.get((i + round + 1) % targets.size());
        boolean counts = round >= 0;
        attempt(
            row,
            target,
            failures,
            () -> {
              Map<String, Double> figures = window(row, target, counts);
              if (counts) {
                samples.computeIfAbsent(target, _ -> new ArrayList<>()).add(figures);
              }
            });
      }
      if (round >= 0) {
        others[round] = Machine.cores(before, machine.read(ours()));
      }
    }
    for (String target : targets) {
      attempt(row, target, failures, () -> finish(row, target));
    }
    failures.keySet().forEach(samples::remove);
    Arrays.sort(others);
    return new RowResult(row, samples, failures, others[others.length / 2]);
  }

  private void prepare(Row row, String target) throws IOException {
    if (row.work() instanceof Windows) {
      peer(row.setup(), target).prepare(row);
    }
  }

  private Map<String, Double> window(Row row, String target, boolean counts) throws IOException {
    int millis = options.windowMillis() * row.windows();
    return switch (row.work()) {
      case Forks forks -> fork(forks, target, millis);
      // What warms up lasts longer, for what is slow to compile.
      case Windows _ -> peer(row.setup(), target).measure(counts ? millis : 2 * millis);
    };
  }

  private Map<String, Double> fork(Forks forks, String target, int millis) throws IOException {
    Path place = Files.createTempDirectory(directory, "fork-");
    try {
      return JmhFork.measure(forks, target, place, millis);
    } catch (NoClassDefFoundError missing) {
      throw new AbsentException("JMH: " + missing.getMessage());
    } finally {
      Removal.of(place);
    }
  }

  private void finish(Row row, String target) throws IOException {
    if (row.work() instanceof Windows) {
      peer(row.setup(), target).finish();
    }
  }

  private interface Step {
    void run() throws IOException;
  }

  /** A peer that is absent or fails has no figures from then on; one that lies ends the run. */
  private void attempt(Row row, String target, Map<String, String> failures, Step step)
      throws IOException {
    if (failures.containsKey(target)) {
      return;
    }
    try {
      step.run();
    } catch (WrongDataException wrong) {
      throw new WrongDataException(
          "%s row=%s target=%s".formatted(wrong.getMessage(), row.key(), target));
    } catch (AbsentException absent) {
      failures.put(target, "absent: " + absent.getMessage());
    } catch (IOException failed) {
      failures.put(target, RowResult.FAILED + failed.getMessage());
      end(row.setup(), target);
    }
  }

  private PeerProcess peer(Row.Setup setup, String target) throws IOException {
    Map<String, PeerProcess> some = peers.computeIfAbsent(setup, _ -> new HashMap<>());
    PeerProcess peer = some.get(target);
    if (peer == null) {
      Path place = directory.resolve(setup.name().toLowerCase(Locale.ROOT) + "-" + target);
      // A target that failed is begun anew by the next row.
      Removal.of(place);
      peer = new PeerProcess(target, Files.createDirectories(place), setup, options.sizes());
      some.put(target, peer);
    }
    return peer;
  }

  private void end(Row.Setup setup, String target) {
    PeerProcess peer = peers.getOrDefault(setup, new HashMap<>()).remove(target);
    if (peer != null) {
      peer.close();
    }
  }

  private void endOtherSetups(Row.Setup setup) {
    peers.forEach(
        (each, some) -> {
          if (each != setup) {
            some.values().forEach(PeerProcess::close);
            some.clear();
          }
        });
  }

  private Set<Long> ours() {
    Set<Long> pids = new TreeSet<>(Set.of(ProcessHandle.current().pid()));
    peers.values().forEach(some -> some.values().forEach(peer -> pids.add(peer.pid())));
    return pids;
  }

  @Override
  public void close() {
    peers.values().forEach(some -> some.values().forEach(PeerProcess::close));
  }
}
