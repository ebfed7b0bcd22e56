package io.faultline;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.tree.TreeExport;
import io.faultline.tree.TreeImport;
import io.faultline.tree.TreeObserver;
import io.faultline.tree.TreeSummary;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: what was imported is in the block image and nowhere else: from an image of zeros no file
 * comes back as it was. And importing needs memory for no more than it is working on.
 */
@Timeout(600)
class ImageHoldsTheBytesTest {
  private static final int FILES = 100;

  @TempDir Path dir;

  private Path tree() throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    Path tree = Files.createDirectories(dir.resolve("tree"));
    for (int i = 0; i < FILES; i++) {
      Path parent = Files.createDirectories(tree.resolve("d" + i % 7));
      byte[] bytes = new byte[1 + random.nextInt(20_000)];
      random.nextBytes(bytes);
      bytes[0] = 1;
      Files.write(parent.resolve("f" + i), bytes);
    }
    return tree;
  }

  private static List<Path> files(Path tree) throws IOException {
    try (Stream<Path> paths = Files.walk(tree)) {
      return paths.filter(Files::isRegularFile).map(tree::relativize).toList();
    }
  }

  private static boolean same(Path one, Path other) {
    try {
      return Files.exists(other) && Files.mismatch(one, other) == -1;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path export(Path volume, String to) throws IOException {
    Path target = dir.resolve(to);
    try (Volume v = Volume.open(volume)) {
      new TreeExport(v, QUIET, true).run("/", target);
    }
    return target;
  }

  @Test
  void fromAnImageOfZerosNothingComesBack() throws IOException {
    Path tree = tree();
    Path at = dir.resolve("v");
    try (Volume volume = Volume.create(at, VolumeOptions.defaults().size("64m"))) {
      TreeSummary summary = new TreeImport(volume, QUIET).run(tree, "/");
      assertThat(summary.isComplete()).isTrue();
    }
    List<Path> files = files(tree);
    Path good = export(at, "good");
    assertThat(files).hasSize(FILES).allMatch(f -> same(tree.resolve(f), good.resolve(f)));
    try (RandomAccessFile image = new RandomAccessFile(at.resolve("blocks.img").toFile(), "rw")) {
      long length = image.length();
      image.setLength(0);
      image.setLength(length);
    }
    Path bad = export(at, "bad");
    assertThat(files).noneMatch(f -> same(tree.resolve(f), bad.resolve(f)));
  }

  /** Imports one directory into a new volume. */
  static final class Importer {
    public static void main(String[] args) throws IOException {
      VolumeOptions options = VolumeOptions.defaults().size("3g").cacheSize("64m");
      try (Volume volume = Volume.create(Path.of(args[1]), options)) {
        TreeSummary summary = new TreeImport(volume, QUIET).run(Path.of(args[0]), "/");
        System.out.println(summary.isComplete() + " " + volume.stat("/big").sizeBytes());
      }
    }
  }

  @Test
  @Tag("deep")
  void twoGibibytesAreImportedInA128MebibyteHeap() throws Exception {
    Path tree = Files.createDirectory(dir.resolve("tree"));
    long size = 2L << 30;
    byte[] block = new byte[1 << 20];
    new SplittableRandom(1).nextBytes(block);
    try (RandomAccessFile big = new RandomAccessFile(tree.resolve("big").toFile(), "rw")) {
      for (long at = 0; at < size; at += block.length) {
        big.write(block);
      }
    }
    try (ChildJvm child =
        new ChildJvm(
            List.of("-Xmx128m"), Importer.class, tree.toString(), dir.resolve("v").toString())) {
      assertThat(child.line()).contains("true " + size);
      assertThat(child.exitCode(300)).isZero();
    }
  }

  /** Nothing here may be left out; where it matters the summary is asked. */
  private static final TreeObserver QUIET =
      new TreeObserver() {
        @Override
        public void advanced(long bytes) {}

        @Override
        public void skipped(String path, String reason) {}
      };
}
