package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.faultline.FileExtent;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: a tree comes out of a volume as it went in. Method: a tree of this host with everything
 * trees have, import and export through the command line, every attribute compared.
 */
class TreeTest {
  private static final long MTIME = 1_234_567_890_123_456_789L;
  private static final long ATIME = 1_500_000_000_000_000_001L;

  @TempDir Path host;
  private Path tree = Path.of(".");
  private final VerbRun verbs = new VerbRun();

  @BeforeEach
  void makeTree() throws IOException {
    tree = Files.createDirectory(host.resolve("tree"));
    Files.createDirectory(tree.resolve("d"));
    Files.writeString(tree.resolve("d/ä b%"), "text\n");
    Files.createFile(tree.resolve("empty"));
    Files.createLink(tree.resolve("d/second"), tree.resolve("empty"));
    Files.createSymbolicLink(tree.resolve("link"), Path.of("nowhere/at all"));
    Files.createSymbolicLink(tree.resolve("loop"), Path.of("."));
    Files.setPosixFilePermissions(
        tree.resolve("empty"), PosixFilePermissions.fromString("r-x-w----"));
    Files.setPosixFilePermissions(tree.resolve("d"), PosixFilePermissions.fromString("rwx------"));
    sparse(tree.resolve("sparse"));
    for (String name : List.of("d/ä b%", "empty", "sparse", "d", "")) {
      stamp(tree.resolve(name));
    }
  }

  /** A hole of 2 MiB, one block of data, an all but empty block, a hole to the end. */
  private static void sparse(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(2 << 20);
      file.write(new byte[] {1});
      file.seek((2 << 20) + 8191);
      file.write(new byte[] {2});
      file.setLength((3 << 20) + 5);
    }
  }

  private static void stamp(Path path) throws IOException {
    Files.getFileAttributeView(path, BasicFileAttributeView.class)
        .setTimes(
            FileTime.from(MTIME, TimeUnit.NANOSECONDS),
            FileTime.from(ATIME, TimeUnit.NANOSECONDS),
            null);
  }

  private VerbRun.Outcome importTree() {
    return verbs.run("import", "V", tree.toString(), "/in/here");
  }

  @Test
  void importKeepsEverything() throws IOException {
    VerbRun.Outcome outcome = importTree();
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(outcome.out().strip())
        .isEqualTo(
            "imported files=3 directories=1 symlinks=2 hardlinks=1 bytes=3145738 holes=3137541"
                + " skipped=0");
    MemoryVolume volume = verbs.volume();
    assertThat(volume.stat("/in/here/empty"))
        .matches(s -> s.mode() == 0520, "mode")
        .matches(s -> s.nlink() == 2, "links")
        .matches(s -> s.mtimeNanos() == MTIME && s.atimeNanos() == ATIME, "times")
        .isEqualTo(volume.stat("/in/here/d/second"));
    assertThat(volume.stat("/in/here/d"))
        .matches(s -> s.mode() == 0700 && s.mtimeNanos() == MTIME, "directory");
    assertThat(volume.readlink("/in/here/link")).isEqualTo("nowhere/at all");
    assertThat(volume.stat("/in/here").mtimeNanos()).isEqualTo(MTIME);
    assertThat(volume.open("/in/here/sparse").extents())
        .containsExactly(new FileExtent(2 << 20, 8192, FileExtent.State.DATA));
    assertThat(volume.stat("/in/here/sparse").sizeBytes()).isEqualTo((3 << 20) + 5);
    int uid = (int) Files.getAttribute(tree.resolve("d"), "unix:uid");
    assertThat(volume.stat("/in/here/d").uid()).isEqualTo(uid);
    assertThat(volume.syncs).isPositive();
  }

  @Test
  void exportIsTheInverse() throws IOException {
    importTree();
    Path out = host.resolve("out");
    VerbRun.Outcome outcome = verbs.run("export", "V", "/in/here", out.toString());
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out().strip())
        .isEqualTo(
            "exported files=3 directories=1 symlinks=2 hardlinks=1 bytes=3145738 holes=3137541"
                + " skipped=0");
    for (String name : List.of("", "d", "d/ä b%", "d/second", "empty", "sparse", "link", "loop")) {
      same(tree.resolve(name), out.resolve(name));
    }
    assertThat(Files.isSameFile(out.resolve("empty"), out.resolve("d/second"))).isTrue();
    assertThat(Files.mismatch(tree.resolve("sparse"), out.resolve("sparse"))).isEqualTo(-1);
    assertThat(Files.readString(out.resolve("d/ä b%"))).isEqualTo("text\n");
  }

  private static void same(Path expected, Path actual) throws IOException {
    for (String attribute : List.of("mode", "uid", "gid", "size", "nlink", "lastModifiedTime")) {
      if (Files.isDirectory(expected, LinkOption.NOFOLLOW_LINKS) && attribute.equals("size")) {
        continue;
      }
      assertThat(Files.getAttribute(actual, "unix:" + attribute, LinkOption.NOFOLLOW_LINKS))
          .as("%s of %s", attribute, actual)
          .isEqualTo(Files.getAttribute(expected, "unix:" + attribute, LinkOption.NOFOLLOW_LINKS));
    }
  }

  @Test
  void timesTheHostCannotHoldAreReported() throws IOException {
    verbs.ops("create /exact", "create /early", "create /whole");
    verbs.volume().setTimes("/exact", ATIME, MTIME);
    verbs.volume().setTimes("/early", ATIME, -1_500_000_000);
    // A whole second before 1970 arrives.
    verbs.volume().setTimes("/whole", ATIME, -2_000_000_000);
    Path out = host.resolve("out");
    VerbRun.Outcome outcome = verbs.run("export", "V", "/", out.toString());
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.out()).contains("files=3 ").contains("skipped=1");
    assertThat(outcome.err().lines())
        .singleElement()
        .asString()
        .startsWith("faultline export: left out /early: times ")
        .contains("mtime=1969-12-31T23:59:58.500Z, the host made them");
    assertThat(Files.getLastModifiedTime(out.resolve("whole")).toMillis()).isEqualTo(-2000);
  }

  @Test
  void exportReplacesFilesOnlyWhenForced() throws IOException {
    importTree();
    Path out = Files.createDirectory(host.resolve("out"));
    Path victim = Files.writeString(host.resolve("victim"), "mine");
    Files.createSymbolicLink(out.resolve("sparse"), victim);
    VerbRun.Outcome refused = verbs.run("export", "V", "/in/here/sparse", out.toString());
    assertThat(refused.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(refused.err().lines()).singleElement().asString().endsWith("sparse: file exists");

    assertThat(verbs.run("export", "--force", "V", "/in/here/sparse", out.toString()).exitCode())
        .isEqualTo(ExitCode.HELD);
    assertThat(Files.size(out.resolve("sparse"))).isEqualTo((3 << 20) + 5);
    // Not written through the link that was there.
    assertThat(Files.readString(victim)).isEqualTo("mine");
  }

  @Test
  void whatAVolumeCannotHoldIsReportedAndTheRestComes() throws Exception {
    Process mkfifo = new ProcessBuilder("mkfifo", tree.resolve("pipe").toString()).start();
    // A name of bytes that are not UTF-8, which Java itself cannot spell.
    Process badName =
        new ProcessBuilder("sh", "-c", "touch \"$1/$(printf 'x\\377')\"", "sh", tree.toString())
            .start();
    assumeThat(mkfifo.waitFor() == 0 && badName.waitFor() == 0).isTrue();
    VerbRun.Outcome outcome = importTree();
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.out()).contains("files=3 ").contains("skipped=2");
    assertThat(outcome.err().lines())
        .hasSize(2)
        .anyMatch(l -> l.contains("pipe") && l.contains("a device, pipe or socket"))
        .anyMatch(l -> l.contains("not valid in the host's character set"))
        .allMatch(l -> l.startsWith("faultline import: left out "));
  }

  @Test
  void aReplacementCharacterThatWasMeantIsKept() throws IOException {
    Files.createFile(tree.resolve("a\ufffdb"));
    assertThat(importTree().exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(verbs.volume().stat("/in/here/a\ufffdb").sizeBytes()).isZero();
  }

  @Test
  void namesTheVolumeHasAreReportedAndDirectoriesMerged() {
    verbs.ops("mkdir /in", "mkdir /in/here", "mkdir /in/here/d", "write /in/here/empty 0 1 9");
    VerbRun.Outcome outcome = importTree();
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err().lines()).allMatch(l -> l.contains("EEXIST")).hasSize(1);
    assertThat(outcome.out()).contains("files=3 ").contains("skipped=1");
    assertThat(verbs.ops("stat /in/here/empty")).allMatch(a -> a.startsWith("OK size=1 "));
  }

  @Test
  void zerosInsideDataAndUnalignedDataStay() throws IOException {
    Path file = tree.resolve("mixed");
    ByteBuffer bytes = ByteBuffer.allocate(5 * 4096 + 100);
    bytes.put(4095, (byte) 1).put(2 * 4096, (byte) 2).put(5 * 4096 + 99, (byte) 3);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(bytes);
    }
    assertThat(importTree().exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(verbs.volume().open("/in/here/mixed").extents())
        .extracting(FileExtent::offset)
        .containsExactly(0L, 8192L, 5 * 4096L);
    assertThat(verbs.run("cat", "V", "/in/here/mixed").raw()).isEqualTo(Files.readAllBytes(file));
  }

  @Test
  void aMissingVolumeIsMadeAndAMissingTreeIsOneLine() {
    verbs.volume = null;
    assertThat(verbs.run("import", "V", tree.toString(), "--size", "64m").exitCode()).isZero();
    assertThat(verbs.createdWith).singleElement().matches(o -> o.sizeBytes() == 64L << 20);
    VerbRun.Outcome outcome = verbs.run("import", "V", host.resolve("none").toString());
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err().lines()).hasSize(1);
  }
}
