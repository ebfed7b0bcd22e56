package io.faultline.bench;

import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadFactory;

/**
 * What it costs to make something durable, beside the host's own filesystem on the same device in
 * the same run. Says which target is met and which is missed; only wrong data is a failure. Use one
 * instance once.
 */
final class SyncBench {
  private static final int CALLERS = 64;
  private static final long SYNC_NANOS = 200_000;
  private static final double CREATES_PER_SECOND = 40_000;
  private static final double EVENTS_PER_SECOND = 1_000_000;

  private final BenchOptions options;
  private final PrintWriter out;
  private final Figures figures;
  private final Sheet sheet;
  private String hostName = "host";

  /** Figures that are printed to {@code out} and kept in the others. */
  SyncBench(BenchOptions options, PrintWriter out, Figures figures, Sheet sheet) {
    this.options = options;
    this.out = out;
    this.figures = figures;
    this.sheet = sheet;
  }

  /**
   * Measures in {@code directory} and prints.
   *
   * @throws WrongDataException what was read back is not what was written
   * @throws IOException it could not be done
   */
  void run(Path directory) throws IOException {
    hostName = Files.getFileStore(directory).type();
    figures.put("windowMillis", options.windowMillis());
    appends(directory);
    creates();
    replay();
    idle();
  }

  private void appends(Path directory) throws IOException {
    List<AppendRow> rows =
        List.of(
            new AppendRow("append1", 1, false),
            new AppendRow("append16own", 16, false),
            new AppendRow("append16shared", 16, true));
    Path place = directory.resolve("volume");
    Path beside = Files.createDirectory(directory.resolve("files"));
    try (Volume volume = Volume.create(place, VolumeOptions.defaults().size("16g"))) {
      for (int round = -1; round < options.rounds(); round++) {
        for (AppendRow row : rows) {
          // Nobody comes first twice in a row.
          if (round % 2 == 0) {
            row.measureHost(beside, round, options.windowMillis());
          }
          row.measureEngine(volume, round, options.windowMillis());
          if (round % 2 != 0) {
            row.measureHost(beside, round, options.windowMillis());
          }
        }
      }
    }
    rows.forEach(this::tell);
    try (Volume volume = Volume.open(place)) {
      for (AppendRow row : rows) {
        row.verify(volume);
      }
    }
    say("  all appends that were synced are there after reopening");
  }

  private void tell(AppendRow row) {
    say("");
    say(row.title());
    say(
        "  %-10s %28s %10s %10s %12s"
            .formatted("", "appends/s (min..max)", "p50 us", "p99 us", "p99.9 us"));
    tell("faultline", row.key + ".faultline", row.engine);
    tell(hostName, row.key + ".host", row.host);
    double[] rate = new double[row.engine.size()];
    double[] tail = new double[rate.length];
    for (int i = 0; i < rate.length; i++) {
      rate[i] = row.engine.get(i).perSecond() / row.host.get(i).perSecond();
      tail[i] = row.engine.get(i).percentile(99) / row.host.get(i).percentile(99);
    }
    double rateMin = row.threads == 1 ? 1 : 2;
    verdict(
        row.key + ".times",
        "appends/s, times " + hostName,
        Spread.of(rate),
        String.format(Locale.ROOT, ">= %.1f", rateMin),
        Spread.of(rate).median() >= rateMin);
    if (row.threads == 1) {
      verdict(
          row.key + ".p99Times",
          "p99, times " + hostName,
          Spread.of(tail),
          "<= 2.0",
          Spread.of(tail).median() <= 2);
    }
  }

  private void tell(String name, String key, List<Callers.Sample> samples) {
    Spread rate = Spread.of(samples.stream().mapToDouble(Callers.Sample::perSecond).toArray());
    double[] micros = new double[3];
    double[] percentiles = {50, 99, 99.9};
    for (int i = 0; i < micros.length; i++) {
      double percent = percentiles[i];
      micros[i] =
          Spread.of(samples.stream().mapToDouble(s -> s.percentile(percent)).toArray()).median()
              / 1e3;
    }
    say(
        String.format(
            Locale.ROOT,
            "  %-10s %28s %10.0f %10.0f %12.0f",
            name,
            rate.whole(),
            micros[0],
            micros[1],
            micros[2]));
    figures.put(key + ".perSecond", rate);
    figures.put(key + ".p50Micros", micros[0]);
    figures.put(key + ".p99Micros", micros[1]);
    figures.put(key + ".p999Micros", micros[2]);
  }

  private void verdict(String key, String what, Spread reached, String target, boolean met) {
    say(
        "  %s: %s, target %s: %s"
            .formatted(what, reached.hundredths(), target, met ? "met" : "MISSED"));
    figures.put(key, reached);
    figures.put(key + ".met", met);
    sheet.line(key, what, target, reached, met);
  }

  private void creates() throws IOException {
    say("");
    say(
        "create + sync, %d callers, over memory whose sync takes %.1f ms"
            .formatted(CALLERS, SYNC_NANOS / 1e6));
    creates("virtual threads", "virtual", Thread.ofVirtual().factory());
    creates("platform threads", "platform", Thread.ofPlatform().daemon().factory());
  }

  private void creates(String name, String key, ThreadFactory threads) throws IOException {
    MemoryVolume volume = MemoryVolume.create(SYNC_NANOS);
    long[] made = new long[CALLERS];
    double[] rates = new double[options.rounds()];
    double[] batches = new double[rates.length];
    double[] syncMicros = new double[rates.length];
    try (volume) {
      for (int caller = 0; caller < CALLERS; caller++) {
        volume.mkdir("/" + caller);
      }
      for (int round = -1; round < rates.length; round++) {
        long syncs = volume.store.syncs.sum();
        long synced = volume.store.syncedNanos.sum();
        Callers.Sample sample =
            Callers.run(
                threads,
                CALLERS,
                options.windowMillis(),
                (caller, n) -> {
                  volume.createAndSync("/" + caller + "/" + made[caller]);
                  made[caller]++;
                });
        if (round >= 0) {
          long took = volume.store.syncs.sum() - syncs;
          rates[round] = sample.perSecond();
          batches[round] = sample.nanos().getTotalCount() / (double) took;
          syncMicros[round] = (volume.store.syncedNanos.sum() - synced) / 1e3 / took;
        }
      }
    }
    Spread rate = Spread.of(rates);
    figures.put("create." + key + ".perSync", Spread.of(batches));
    figures.put("create." + key + ".syncMicros", Spread.of(syncMicros));
    boolean met = rate.median() >= CREATES_PER_SECOND;
    say(
        String.format(
            Locale.ROOT,
            "  %s: %s/s, %.1f a sync of %.0f us, target >= 40 000: %s",
            name,
            rate.whole(),
            Spread.of(batches).median(),
            Spread.of(syncMicros).median(),
            met ? "met" : "MISSED"));
    figures.put("create." + key + ".perSecond", rate);
    figures.put("create." + key + ".met", met);
    sheet.line("create." + key, "create + sync, 64 callers, " + name, ">= 40 000/s", rate, met);
    try (MemoryVolume again = volume.reopen(2)) {
      for (int caller = 0; caller < CALLERS; caller++) {
        for (long n = 0; n < made[caller]; n++) {
          if (!again.has("/" + caller + "/" + n)) {
            throw new WrongDataException(
                "kind=synced-create-lost file=/%d/%d".formatted(caller, n));
          }
        }
      }
    }
  }

  private void replay() throws IOException {
    ReplayRow row = ReplayRow.prepare(options.replayEvents());
    for (int round = -1; round < options.rounds(); round++) {
      row.measure(round);
    }
    say("");
    say("replay of %d events".formatted(row.events));
    figures.put("replay.events", row.events);
    tellReplay("journal read and folded", "replay.folded", row.folded);
    tellReplay("recovery of an open", "replay.recovered", row.recovered);
  }

  private void tellReplay(String name, String key, List<Double> rates) {
    Spread rate = Spread.of(rates.stream().mapToDouble(Double::doubleValue).toArray());
    boolean met = rate.median() >= EVENTS_PER_SECOND;
    say(
        "  %s: %s events/s, target >= 1 000 000: %s"
            .formatted(name, rate.whole(), met ? "met" : "MISSED"));
    figures.put(key + "PerSecond", rate);
    figures.put(key + ".met", met);
    sheet.line(key, name, ">= 1 000 000 events/s", rate, met);
  }

  private void idle() throws IOException {
    try (MemoryVolume volume = MemoryVolume.create(SYNC_NANOS)) {
      volume.createAndSync("/file");
      volume.sync();
      long commits = volume.commits();
      long bytes = volume.store.bytes.sum();
      long syncs = volume.store.syncs.sum() + volume.image.flushes();
      try {
        Thread.sleep(1000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      commits = volume.commits() - commits;
      bytes = volume.store.bytes.sum() - bytes;
      syncs = volume.store.syncs.sum() + volume.image.flushes() - syncs;
      boolean met = commits == 0 && bytes == 0 && syncs == 0;
      say("");
      say("an idle second after a sync");
      say(
          "  %d commits, %d journal bytes, %d syncs, target 0: %s"
              .formatted(commits, bytes, syncs, met ? "met" : "MISSED"));
      figures.put("idle.commits", commits);
      figures.put("idle.journalBytes", bytes);
      figures.put("idle.syncs", syncs);
      figures.put("idle.met", met);
      Spread written = Spread.of((double) (commits + bytes + syncs));
      sheet.line("idle", "commits, bytes and syncs of an idle second", "0", written, met);
    }
  }

  private void say(String line) {
    out.println(line);
    out.flush();
  }
}
