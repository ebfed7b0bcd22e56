package io.faultline.soak;

import io.faultline.FsckReport;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import io.faultline.soak.oracle.FileOracle.RangeReader;
import io.faultline.soak.oracle.Violation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is checked once the load is over: contents and state of the live volume, of the
 * recovered one, of the journal replayed from its beginning and of the independent model. Stops at
 * the first finding. Belongs to one thread.
 */
final class Aftermath {
  private final SoakRun run;
  private final VolumeSource volumes;
  private final Place place;
  private final Traffic traffic;
  private @Nullable Replayed replayed;
  private Map<String, Long> metrics = Map.of();
  private long transactions;

  /** Where the volume is and how it was opened. */
  record Place(Path directory, VolumeOptions options) {}

  /** What was done to the volume. */
  record Traffic(SoakFiles files, NameTraffic names, ImportedTree imported) {}

  Aftermath(SoakRun run, VolumeSource volumes, Place place, Traffic traffic) {
    this.run = run;
    this.volumes = volumes;
    this.place = place;
    this.traffic = traffic;
  }

  /** The volume's own counters as they were before it was closed. */
  Map<String, Long> metrics() {
    return metrics;
  }

  /** Newest transaction of the live volume. */
  long transactions() {
    return transactions;
  }

  /** What the journal gave, once it was replayed. */
  Optional<Replayed> replayed() {
    return Optional.ofNullable(replayed);
  }

  /** Checks all of it; the volume is closed afterwards unless something was found. */
  void check() throws IOException {
    Volume live = run.volume();
    checkContents();
    checkItself(live);
    if (found()) {
      return;
    }
    for (SoakFile file : traffic.files.all()) {
      file.view().close();
      file.file().close();
    }
    live.sync();
    VolumeImage before = VolumeImage.of(live);
    long inodes = live.status().inodes();
    transactions = live.status().durableLsn();
    metrics = live.metrics();
    live.close();
    step();

    Replayed history = volumes.replay(place.directory);
    replayed = history;
    step();
    compare(Finding.REPLAY_DIFFERS, history.image(), before);
    if (history.inodes() != inodes) {
      differs(Finding.REPLAY_DIFFERS, "inodes:" + history.inodes(), "inodes:" + inodes);
    }
    if (found()) {
      return;
    }
    Volume recovered = volumes.open(place.directory, place.options);
    run.use(recovered);
    step();
    compare(Finding.RECOVERY_DIFFERS, VolumeImage.of(recovered), before);
    checkContents();
    checkItself(recovered);
    traffic.names.compare(run, before, sizes());
    traffic.imported.verify(run);
    if (!found()) {
      recovered.close();
    }
  }

  private boolean found() {
    return run.finding() != null;
  }

  private void step() {
    run.counts().steps.increment();
  }

  private void compare(String kind, VolumeImage saw, VolumeImage wanted) {
    saw.firstDifference(wanted).ifPresent(difference -> run.report(difference.as(kind)));
  }

  private void differs(String kind, String saw, String wanted) {
    run.report(new Finding(kind, Finding.NONE, Finding.NONE, saw, wanted, Finding.NONE));
  }

  private Map<String, Long> sizes() {
    Map<String, Long> sizes = new HashMap<>();
    for (SoakFile file : traffic.files.all()) {
      sizes.put(file.path(), file.oracle().sizeBytes());
    }
    return sizes;
  }

  /** Every byte of every file against its oracle. */
  private void checkContents() throws IOException {
    for (SoakFile file : traffic.files.all()) {
      if (found()) {
        return;
      }
      try (OpenFile opened = run.volume().open(file.path())) {
        RangeReader reader = (offset, target) -> opened.read(ByteBuffer.wrap(target), offset);
        for (Violation violation : file.oracle().finalCheck(opened.size(), reader)) {
          run.report(Finding.of(violation));
        }
        run.counts().bytesVerified.add(opened.size());
      }
      step();
    }
  }

  private void checkItself(Volume volume) throws IOException {
    if (found()) {
      return;
    }
    FsckReport report = volume.fsck();
    step();
    for (FsckReport.Finding one : report.findings()) {
      run.report(
          new Finding(
              Finding.FSCK,
              one.ino(),
              one.offset(),
              one.kind() + ":" + one.text(),
              "clean",
              Finding.NONE));
    }
  }
}
