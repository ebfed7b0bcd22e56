package io.faultline.soak.differential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.faultline.FsckReport;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import io.faultline.soak.model.AnswerComparison;
import io.faultline.soak.model.Extent;
import io.faultline.soak.model.ModelFilesystem;
import io.faultline.soak.model.ModelRunner;
import io.faultline.soak.model.OpGenerator;
import io.faultline.soak.model.OpLine;
import io.faultline.soak.model.OpShrinker;
import io.faultline.soak.model.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: whatever is done to a volume, it answers what the independent model answers, line by line;
 * and after it was closed and opened again it still holds what the model holds. The cache is as
 * small as it can be, so that eviction and device reads never stop.
 */
@Timeout(900)
class ModelDifferentialTest {
  private static final int OPS = 2_000;
  private static final int REOPEN_EVERY = 500;
  private static final long BACKGROUND_NANOS = 1_000_000_000;
  private static final VolumeOptions OPTIONS =
      VolumeOptions.defaults().size("1g").cacheSize("1m").reuseFreedFirst(true);

  private final AtomicInteger volumes = new AtomicInteger();

  @TempDir Path dir;

  /** A first difference, in words; a run without one is empty. */
  private Optional<String> differs(List<OpLine> ops, int reopenEvery) {
    Path at = dir.resolve("v" + volumes.incrementAndGet());
    ModelFilesystem model = new ModelFilesystem();
    ModelRunner expected = new ModelRunner(model);
    @Nullable Volume volume = null;
    try {
      volume = Volume.create(at, OPTIONS);
      VolumeAnswers actual = new VolumeAnswers(volume);
      for (int i = 0; i < ops.size(); i++) {
        Optional<String> difference = compare(i, ops.get(i), expected, actual);
        if (difference.isPresent()) {
          return difference;
        }
        if ((i + 1) % reopenEvery == 0 || i + 1 == ops.size()) {
          volume.close();
          volume = Volume.open(at, OPTIONS);
          actual = new VolumeAnswers(volume);
          for (OpLine probe : probes(model)) {
            difference = compare(i, probe, expected, actual);
            if (difference.isPresent()) {
              return difference.map(d -> "after reopening: " + d);
            }
          }
          FsckReport report = volume.fsck();
          if (!report.findings().isEmpty()) {
            return Optional.of("fsck after op " + i + ": " + report.findings());
          }
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      closeAnyway(volume);
    }
  }

  private static void closeAnyway(@Nullable Volume volume) {
    if (volume == null) {
      return;
    }
    try {
      volume.close();
    } catch (IOException e) {
      // A run that found a difference may leave a volume that cannot be synced.
      assertThat(volume.isOpen()).isFalse();
    }
  }

  private static Optional<String> compare(
      int i, OpLine op, ModelRunner expected, VolumeAnswers actual) throws IOException {
    String want = expected.answer(op);
    String got = actual.answer(op);
    // Between publishing blocks and letting their pages go, background writeback counts them twice,
    // as stat(2) on Linux may; that ends by itself, a wrong count stays.
    long patience = System.nanoTime() + BACKGROUND_NANOS;
    while (op instanceof OpLine.StatPath
        && !AnswerComparison.same(op, want, got)
        && System.nanoTime() < patience) {
      Thread.onSpinWait();
      got = actual.answer(op);
    }
    return AnswerComparison.same(op, want, got)
        ? Optional.empty()
        : Optional.of("op " + i + ": " + op.print() + "\n want " + want + "\n got  " + got);
  }

  /** Questions that together ask for everything the model holds. */
  private static List<OpLine> probes(ModelFilesystem model) {
    List<OpLine> probes = new ArrayList<>();
    collect(model, "/", probes);
    return probes;
  }

  private static void collect(ModelFilesystem model, String directory, List<OpLine> probes) {
    probes.add(new OpLine.StatPath(directory));
    probes.add(new OpLine.Ls(directory));
    if (!(model.list(directory) instanceof Outcome.Ok<List<String>>(List<String> names))) {
      throw new AssertionError(directory);
    }
    for (String name : names) {
      String path = (directory.equals("/") ? "" : directory) + "/" + name;
      if (model.list(path) instanceof Outcome.Ok<List<String>>) {
        // Through a symbolic link too; a loop of them is ELOOP in the model.
        if (path.split("/").length < 6) {
          collect(model, path, probes);
        }
        continue;
      }
      probes.add(new OpLine.StatPath(path));
      probes.add(new OpLine.Extents(path));
      probes.add(new OpLine.SeekHole(path, 0));
      if (model.extents(path) instanceof Outcome.Ok<List<Extent>>(List<Extent> extents)) {
        for (Extent extent : extents) {
          probes.add(
              new OpLine.Read(path, extent.offsetBytes(), Math.min(1 << 22, extent.lengthBytes())));
        }
      }
    }
  }

  private void run(long seed, int count) {
    List<OpLine> ops = new OpGenerator(seed).next(count);
    Optional<String> difference = differs(ops, REOPEN_EVERY);
    if (difference.isPresent()) {
      int reopenEvery = difference.get().startsWith("op") ? Integer.MAX_VALUE : 1;
      List<OpLine> small = shrunk(ops, reopenEvery);
      fail(
          "seed %d: %s%nsmallest:%n%s",
          seed,
          difference.get(),
          String.join("\n", small.stream().map(OpLine::print).toList())
              + "\n"
              + differs(small, reopenEvery).orElse("(only with the whole list)"));
    }
  }

  private List<OpLine> shrunk(List<OpLine> ops, int reopenEvery) {
    return differs(ops, reopenEvery).isEmpty()
        ? ops.subList(0, 0)
        : OpShrinker.shrink(ops, some -> differs(some, reopenEvery).isPresent());
  }

  @Test
  void twelveSeedsAnswerAsTheModel() {
    for (long seed = 1; seed <= 12; seed++) {
      run(seed, OPS);
    }
  }

  @Test
  @Tag("deep")
  void fiveHundredSeedsAnswerAsTheModel() {
    long first = Long.getLong("faultline.differential.seed", 1_000L);
    for (long seed = first; seed < first + 500; seed++) {
      run(seed, OPS);
    }
  }
}
