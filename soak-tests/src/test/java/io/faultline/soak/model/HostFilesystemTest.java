package io.faultline.soak.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.faultline.soak.model.OpLine.Verb;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Truth check: 2,000 generated operations run on the model and, through java.nio.file, on the
 * host's own filesystem; after each, success must agree, and at the end every name, size and byte.
 */
class HostFilesystemTest {

  private static final Set<Verb> VERBS =
      EnumSet.of(
          Verb.CREATE,
          Verb.MKDIR,
          Verb.UNLINK,
          Verb.RMDIR,
          Verb.RENAME,
          Verb.LINK,
          Verb.SYMLINK,
          Verb.WRITE,
          Verb.APPEND,
          Verb.READ,
          Verb.TRUNCATE);

  /** Where every host filesystem we may meet still agrees with ext4 about the largest file. */
  private static final long HOST_OFFSET_MAX = 1L << 42;

  @TempDir Path host;

  @Test
  void hostAndModelAgreeOnTwoThousandOperations() throws IOException {
    assumeTrue(Files.getFileStore(host).type().equals("ext4"), "the host directory is not ext4");
    ModelFilesystem fs = new ModelFilesystem();
    ModelRunner model = new ModelRunner(fs);
    OpGenerator generator = new OpGenerator(20_26, VERBS);
    int compared = 0;
    int succeeded = 0;
    while (compared < 2_000) {
      OpLine op = OpLine.parse(asciiNames(generator.next().print()));
      if (!expressible(op)) {
        continue;
      }
      String expected = model.answer(op);
      boolean ok = runOnHost(op, fs);
      assertThat(ok).as(op.print() + ": " + expected).isEqualTo(expected.startsWith("OK"));
      compared++;
      succeeded += ok ? 1 : 0;
    }
    assertThat(succeeded).isGreaterThan(500);
    compareTrees(fs);
  }

  /** The JVM may run in a locale that cannot name the file; names are opaque here. */
  private static String asciiNames(String line) {
    return line.replace("ä", "ae").replace("ß", "ss");
  }

  private static boolean expressible(OpLine op) {
    return switch (op) {
      case OpLine.Write w -> w.offset() < HOST_OFFSET_MAX;
      case OpLine.Read r -> r.offset() < HOST_OFFSET_MAX;
      case OpLine.Truncate t -> t.sizeBytes() < HOST_OFFSET_MAX;
      // A relative link to the parent of the root would leave the temporary directory.
      case OpLine.Symlink s -> !s.target().contains("..");
      default -> true;
    };
  }

  private boolean runOnHost(OpLine op, ModelFilesystem fs) throws IOException {
    try {
      switch (op) {
        case OpLine.Create o -> Files.createFile(at(o.path()));
        case OpLine.Mkdir o -> Files.createDirectory(at(o.path()));
        case OpLine.Unlink o -> remove(at(o.path()), false);
        case OpLine.Rmdir o -> remove(at(o.path()), true);
        case OpLine.Rename o ->
            Files.move(at(o.from()), at(o.to()), StandardCopyOption.ATOMIC_MOVE);
        case OpLine.Link o -> Files.createLink(at(o.path()), at(o.existing()));
        case OpLine.Symlink o -> Files.createSymbolicLink(at(o.path()), target(o.target()));
        case OpLine.Write o -> {
          try (FileChannel channel = open(o.path(), StandardOpenOption.CREATE)) {
            fill(channel, o.offset(), o.length(), o.value());
          }
        }
        case OpLine.Append o -> {
          try (FileChannel channel = open(o.path())) {
            fill(channel, channel.size(), o.length(), o.value());
          }
        }
        case OpLine.Read o -> read(o, fs);
        case OpLine.Truncate o -> truncate(o);
        default -> throw new AssertionError("not expressible: " + op);
      }
      return true;
    } catch (FileSystemException | IllegalArgumentException e) {
      return false;
    } catch (IOException e) {
      // Errno without a class of its own: the channel's read of a directory, for one.
      return false;
    }
  }

  private static void remove(Path path, boolean directory) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new NoSuchFileException(path.toString());
    }
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) != directory) {
      throw new FileAlreadyExistsException(path.toString());
    }
    Files.delete(path);
  }

  private FileChannel open(String path, StandardOpenOption... more) throws IOException {
    Set<StandardOpenOption> options = EnumSet.of(StandardOpenOption.WRITE);
    options.addAll(Arrays.asList(more));
    return FileChannel.open(at(path), options);
  }

  private static void fill(FileChannel channel, long offset, long length, int value)
      throws IOException {
    if (length < 0) {
      throw new IllegalArgumentException("negative length");
    }
    byte[] bytes = new byte[(int) length];
    Arrays.fill(bytes, (byte) value);
    assertThat(channel.write(ByteBuffer.wrap(bytes), offset)).isEqualTo(bytes.length);
  }

  private void read(OpLine.Read op, ModelFilesystem fs) throws IOException {
    if (op.length() < 0) {
      throw new IllegalArgumentException("negative length");
    }
    byte[] seen = readHost(at(op.path()), op.offset(), (int) op.length());
    byte[] expected = LayoutTableTest.value(fs.read(op.path(), op.offset(), op.length()));
    assertThat(Arrays.equals(seen, expected)).as(op.print()).isTrue();
  }

  private static byte[] readHost(Path path, long offset, int length) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(length);
      int count = channel.read(buffer, offset);
      return Arrays.copyOf(buffer.array(), Math.max(0, count));
    }
  }

  private void truncate(OpLine.Truncate op) throws IOException {
    if (op.sizeBytes() < 0) {
      throw new IllegalArgumentException("negative size");
    }
    open(op.path()).close();
    try (RandomAccessFile file = new RandomAccessFile(at(op.path()).toFile(), "rw")) {
      file.setLength(op.sizeBytes());
    }
  }

  private void compareTrees(ModelFilesystem fs) throws IOException {
    List<String> names;
    try (var walk = Files.walk(host)) {
      names =
          walk.filter(path -> !path.equals(host))
              .map(path -> "/" + host.relativize(path))
              .sorted()
              .toList();
    }
    Map<String, Stat> expected = fs.tree();
    assertThat(names).isEqualTo(List.copyOf(expected.keySet()));
    int bytesCompared = 0;
    for (Map.Entry<String, Stat> entry : expected.entrySet()) {
      Path path = at(entry.getKey());
      Stat stat = entry.getValue();
      assertThat((int) Files.getAttribute(path, "unix:nlink", LinkOption.NOFOLLOW_LINKS))
          .as(entry.getKey())
          .isEqualTo(stat.links());
      if ((stat.mode() & Stat.TYPE_MASK) == Stat.REGULAR) {
        assertThat(Files.size(path)).as(entry.getKey()).isEqualTo(stat.sizeBytes());
        for (Extent extent : LayoutTableTest.value(fs.extents(entry.getKey()))) {
          int length = (int) extent.lengthBytes();
          byte[] bytes =
              LayoutTableTest.value(fs.read(entry.getKey(), extent.offsetBytes(), length));
          assertThat(Arrays.equals(readHost(path, extent.offsetBytes(), length), bytes)).isTrue();
          bytesCompared += bytes.length;
        }
      }
    }
    assertThat(bytesCompared).isPositive();
  }

  private Path at(String path) {
    return Path.of(host + path);
  }

  private Path target(String target) {
    return target.startsWith("/") ? at(target) : Path.of(target);
  }
}
