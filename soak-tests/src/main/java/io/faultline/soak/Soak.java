package io.faultline.soak;

import io.faultline.DirectoryEntry;
import io.faultline.FileKind;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import io.faultline.VolumeStatus;
import io.faultline.engine.lock.Guard;
import io.faultline.soak.oracle.ReadClock;
import io.faultline.tree.TreeSummary;
import io.faultline.tree.VolumePaths;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The main job: readers, faulters and writers against mapping changes on a real volume, every
 * answer checked by an oracle, then recovery, replay and model compared.
 *
 * <p>One thread does the work from set-up to the last check and starts the workers; the thread that
 * called looks on, shows progress, ends the load in time, and calls the soak stuck when nothing at
 * all is finished any more. Use one instance once.
 */
public final class Soak {
  /** Everything held. */
  public static final int HELD = 0;

  /** Something must not be; the line {@code VIOLATION …} says what. */
  public static final int VIOLATION = 3;

  private static final String FILES = "/soak";
  private static final String UNGUARDED = "none";

  private static final int FILES_PER_DIRECTORY = 8;
  private static final int START_WRITE_BYTES = 128 << 10;
  private static final long LOOK_MILLIS = 100;
  private static final long STOP_SECONDS = 2;
  private static final long CLOSE_SECONDS = 3;

  private final SoakOptions options;
  private final VolumeSource volumes;
  private final PrintWriter out;
  private final SoakRun run;
  private final CountDownLatch bodyOver = new CountDownLatch(1);
  private volatile @Nullable IOException impossible;
  private volatile @Nullable Aftermath aftermath;
  private volatile List<Worker> workers = List.of();
  private volatile long loadBegan;
  private volatile long loadEnded;

  /** A soak of the engine that prints to {@code out}. */
  public Soak(SoakOptions options, PrintWriter out) {
    this(options, new EngineVolumes(), out);
  }

  Soak(SoakOptions options, VolumeSource volumes, PrintWriter out) {
    this.options = options;
    this.volumes = volumes;
    this.out = out;
    this.run = new SoakRun(options);
  }

  /**
   * Does everything and returns {@link #HELD} or {@link #VIOLATION}.
   *
   * @throws IOException it could not be done; what was made is removed again
   */
  public int run() throws IOException {
    // Before the load: a minute's figures must not be lost to a bad path.
    SoakReport.requireWritable(options.json());
    SoakPlace place = SoakPlace.of(options.volume());
    out.println("soak: seed " + options.seed() + ", volume " + place.directory());
    out.flush();
    Thread body = new Thread(() -> body(place), "soak");
    body.setDaemon(true);
    body.start();
    boolean stuck = lookOn();
    Finding finding = run.finding();
    if (finding == null) {
      IOException why = impossible;
      if (why != null) {
        closeInTime();
        place.removeIfTemporary();
        throw why;
      }
      place.removeIfTemporary();
      report().write(options.json());
      out.println(report().summary());
      out.println("soak: everything held");
      out.flush();
      return HELD;
    }
    out.println(finding.line());
    out.flush();
    if (stuck) {
      place.keepThreads();
    } else {
      closeInTime();
    }
    place.keep(run, finding);
    report().write(options.json());
    out.println(report().summary());
    out.println(
        "soak: volume, journal, trace and seed are kept in "
            + place.directory()
            + ": look with ./faultline journal "
            + place.directory()
            + " log, repeat with "
            + options.command());
    out.flush();
    return VIOLATION;
  }

  private SoakReport report() {
    Aftermath after = aftermath;
    Map<String, Long> metrics = after == null ? Map.of() : after.metrics();
    long transactions = after == null ? 0 : after.transactions();
    if (metrics.isEmpty()) {
      metrics = metrics();
    }
    long until = loadEnded == 0 ? System.nanoTime() : loadEnded;
    long millis = loadBegan == 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(until - loadBegan);
    SoakReport report = new SoakReport(run, metrics, transactions, millis);
    if (after != null) {
      after
          .replayed()
          .ifPresent(one -> report.put("mappingChangesInJournal", one.mappingChanges()));
    }
    return report;
  }

  private Map<String, Long> metrics() {
    return run.hasVolume() ? run.volume().metrics() : Map.of();
  }

  // ---- the thread that looks on ----

  /** Returns once the body is over; true if it never will be. */
  private boolean lookOn() {
    StuckWatch watch = new StuckWatch(run.counts(), options.stuckAfter());
    try (ProgressLine line = new ProgressLine(run, out)) {
      while (!waited(bodyOver, LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        long now = System.nanoTime();
        if (loadBegan != 0 && loadEnded == 0) {
          long millis = TimeUnit.NANOSECONDS.toMillis(now - loadBegan);
          line.show(millis, metrics());
          weighData();
          if (millis >= options.duration().toMillis()) {
            run.stop();
          }
        }
        Optional<String> stuck = watch.look(now, loadEnded == 0 ? workers : List.of());
        if (stuck.isPresent()) {
          run.report(Finding.stuck(stuck.get()));
          return true;
        }
      }
    }
    return false;
  }

  /** Says whether the load has taken away so much that the cache could hold what is left. */
  private void weighData() {
    try {
      VolumeStatus status = run.volume().status();
      long used = status.blocksTotal() - status.blocksFree() - status.blocksPending();
      run.refilling(used * 4096 < options.shape().dataBytesMin());
    } catch (IOException | RuntimeException failure) {
      run.report(failure);
    }
  }

  /** Gives the engine a little time to write down what it has; a failed one may never do it. */
  private void closeInTime() {
    if (!run.hasVolume()) {
      return;
    }
    CountDownLatch closed = new CountDownLatch(1);
    Thread closer =
        new Thread(
            () -> {
              try {
                run.volume().close();
              } catch (IOException | RuntimeException alsoFailed) {
                out.println("soak: closing the volume failed too: " + alsoFailed);
              } finally {
                closed.countDown();
              }
            },
            "soak-close");
    closer.setDaemon(true);
    closer.start();
    waited(closed, CLOSE_SECONDS, TimeUnit.SECONDS);
  }

  private static boolean waited(CountDownLatch latch, long time, TimeUnit unit) {
    try {
      return latch.await(time, unit);
    } catch (InterruptedException interrupted) {
      // Nobody interrupts a soak but who wants it to end.
      Thread.currentThread().interrupt();
      return true;
    }
  }

  // ---- the thread that works ----

  private void body(SoakPlace place) {
    try {
      ImportedTree imported = ImportedTree.none();
      Path tree = options.importDirectory();
      if (tree != null) {
        imported = ImportedTree.of(tree, run);
      }
      VolumeOptions volumeOptions = volumeOptions(imported);
      open(place, volumeOptions);
      NameTraffic names = new NameTraffic();
      SoakFiles files = makeFiles(names);
      if (tree != null) {
        TreeSummary summary = imported.carryIn(tree, run);
        out.println("soak: imported " + summary);
      }
      run.volume().sync();
      load(files, names, imported);
      if (run.finding() == null) {
        Aftermath after =
            new Aftermath(
                run,
                volumes,
                new Aftermath.Place(place.directory(), guarded(volumeOptions)),
                new Aftermath.Traffic(files, names, imported));
        aftermath = after;
        after.check();
      }
    } catch (ImpossibleException failure) {
      impossible = failure;
    } catch (IOException | RuntimeException | Error failure) {
      if (run.hasVolume()) {
        run.report(failure);
      } else {
        impossible = failure instanceof IOException io ? io : new IOException(failure);
      }
    } finally {
      bodyOver.countDown();
    }
  }

  private VolumeOptions volumeOptions(ImportedTree imported) {
    return VolumeOptions.defaults()
        .layout(options.layout())
        .guard(options.guard())
        .size(options.shape().imageBytes(imported.bytes()))
        .cacheSize(options.shape().cacheBytes())
        // Recovery is compared with a replay from the first transaction on.
        .keep("all")
        .reuseFreedFirst(true);
  }

  /** Recovery happens once the load is over; nothing is to be shown without a guard then. */
  private static VolumeOptions guarded(VolumeOptions volumeOptions) {
    return volumeOptions.guard().equals(UNGUARDED)
        ? volumeOptions.guard(VolumeOptions.defaults().guard())
        : volumeOptions;
  }

  private void open(SoakPlace place, VolumeOptions volumeOptions) throws IOException {
    boolean unguarded = volumeOptions.guard().equals(UNGUARDED);
    if (!place.isReused()) {
      if (unguarded) {
        System.setProperty(Guard.UNGUARDED_PROPERTY, "true");
      }
      try {
        run.use(volumes.create(place.directory(), volumeOptions));
      } finally {
        if (unguarded) {
          System.clearProperty(Guard.UNGUARDED_PROPERTY);
        }
      }
      place.claim(options);
      return;
    }
    if (unguarded) {
      throw new ImpossibleException(
          place.directory() + " has a volume already: the guard none needs a fresh one");
    }
    run.use(volumes.open(place.directory(), volumeOptions));
    place.claim(options);
    for (DirectoryEntry entry : run.volume().list("/")) {
      // Whatever an earlier soak left: nothing else is ever in a soak's volume.
      removeTree("/" + entry.name());
    }
    run.volume().sync();
  }

  private void removeTree(String directory) throws IOException {
    Volume volume = run.volume();
    for (DirectoryEntry entry : volume.list(directory)) {
      String path = VolumePaths.child(directory, entry.name());
      if (entry.kind() == FileKind.DIRECTORY) {
        removeTree(path);
      } else {
        volume.unlink(path);
      }
      run.counts().steps.increment();
    }
    volume.rmdir(directory);
  }

  private SoakFiles makeFiles(NameTraffic names) throws IOException {
    names.mkdir(run, NameTraffic.PLAYGROUND);
    names.mkdir(run, FILES);
    ReadClock clock = new ReadClock();
    FileTraffic traffic = new FileTraffic(run, 0);
    List<SoakFile> files = new ArrayList<>();
    SoakShape shape = options.shape();
    for (int i = 0; i < shape.files(); i++) {
      String directory = FILES + "/d" + i / FILES_PER_DIRECTORY;
      if (i % FILES_PER_DIRECTORY == 0) {
        names.mkdir(run, directory);
      }
      String path = directory + "/f" + i;
      names.create(run, path);
      SoakFile file =
          new SoakFile(
              clock,
              path,
              run.volume().open(path, StandardOpenOption.READ, StandardOpenOption.WRITE),
              shape.fileBytesMax());
      for (long at = 0; at < shape.fileBytesAtStart(); at += START_WRITE_BYTES) {
        long left = shape.fileBytesAtStart() - at;
        traffic.append(file, (int) Math.min(START_WRITE_BYTES, left));
      }
      files.add(file);
    }
    return new SoakFiles(files, options.changers());
  }

  private void load(SoakFiles files, NameTraffic names, ImportedTree imported) {
    List<Worker> all = new ArrayList<>();
    for (int i = 0; i < options.threads(); i++) {
      int number = all.size() + 1;
      all.add(
          switch (i % 3) {
            case 0 -> new Reader(run, files, imported, number);
            case 1 -> new Writer(run, files, names, number);
            default -> new Faulter(run, files, number);
          });
    }
    for (int i = 0; i < options.changers(); i++) {
      all.add(new Changer(run, files, all.size() + 1, i));
    }
    List<Thread> threads = new ArrayList<>();
    for (Worker worker : all) {
      String name = worker.getClass().getSimpleName() + "-" + (threads.size() + 1);
      Thread thread = new Thread(worker, name);
      thread.setDaemon(true);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
    workers = all;
    loadBegan = System.nanoTime();
    try {
      run.awaitEndOfLoad();
      for (Thread thread : threads) {
        // After a finding the volume may never answer again; otherwise the watch decides that.
        if (run.finding() == null) {
          thread.join();
        } else {
          thread.join(Duration.ofSeconds(STOP_SECONDS).dividedBy(threads.size()));
        }
      }
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException("nobody interrupts the body of a soak", interrupted);
    } finally {
      loadEnded = System.nanoTime();
    }
  }
}
