package io.faultline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Goal: what cannot be opened is refused with one clear error, and not one byte is changed. */
@Timeout(120)
class BadVolumeTest {
  private static final VolumeOptions OPTIONS = VolumeOptions.defaults().size("1m").cacheSize("1m");

  @TempDir Path dir;
  private Path volume;

  @BeforeEach
  void make() throws IOException {
    volume = dir.resolve("v");
    Volume.create(volume, OPTIONS).close();
  }

  private Map<String, Integer> bytes() throws IOException {
    Map<String, Integer> found = new TreeMap<>();
    try (Stream<Path> tree = Files.walk(dir)) {
      for (Path p : tree.toList()) {
        found.put(p.toString(), Files.isDirectory(p) ? -1 : Arrays.hashCode(Files.readAllBytes(p)));
      }
    }
    return found;
  }

  private void assertRefused(Errno errno, String... words) throws IOException {
    Map<String, Integer> before = bytes();
    for (boolean readOnly : List.of(false, true)) {
      assertThatThrownBy(() -> Volume.open(volume, OPTIONS.readOnly(readOnly)).close())
          .isInstanceOfSatisfying(
              ErrnoException.class,
              e -> {
                assertThat(e.errno()).isEqualTo(errno);
                assertThat(String.valueOf(e.getMessage()).lines()).hasSize(1);
              })
          .hasMessageContainingAll(words);
      assertThat(bytes()).isEqualTo(before);
    }
  }

  private void put(String file, long at, int... values) throws IOException {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    try (FileChannel channel = FileChannel.open(volume.resolve(file), StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes), at);
    }
  }

  private void cut(String file, long length) throws IOException {
    try (FileChannel channel = FileChannel.open(volume.resolve(file), StandardOpenOption.WRITE)) {
      channel.truncate(length);
    }
  }

  private Path onlySegment() throws IOException {
    try (Stream<Path> files = Files.list(volume.resolve("journal"))) {
      return files.findFirst().orElseThrow();
    }
  }

  @Test
  void anErrorOfTheHostHasAnErrnoToo() throws IOException {
    Path segment = onlySegment();
    Files.delete(segment);
    Files.createDirectory(segment);
    assertThatThrownBy(() -> Volume.open(volume, OPTIONS.readOnly(true)).close())
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
  }

  @Test
  void aDirectoryThatIsNoVolume() throws IOException {
    Files.delete(volume.resolve("superblock"));
    assertRefused(Errno.ENOENT, "not a volume");
  }

  @Test
  void aTruncatedSuperblock() throws IOException {
    cut("superblock", 7);
    assertRefused(Errno.EUCLEAN, "superblock", "7");
  }

  @Test
  void aDamagedSuperblock() throws IOException {
    put("superblock", 30, 0xff, 0xff);
    assertRefused(Errno.EUCLEAN, "superblock");
  }

  @Test
  void anImageSmallerThanTheSuperblockSays() throws IOException {
    cut("blocks.img", 4_096);
    assertRefused(Errno.EUCLEAN, "blocks.img", "4096", "1048576");
  }

  @Test
  void noImage() throws IOException {
    Files.delete(volume.resolve("blocks.img"));
    assertRefused(Errno.EUCLEAN, "blocks.img");
  }

  @Test
  void noJournal() throws IOException {
    Files.delete(onlySegment());
    assertRefused(Errno.EUCLEAN, "journal");
  }

  @Test
  void aJournalDamagedBeforeItsEnd() throws IOException {
    try (Volume v = Volume.open(volume, OPTIONS)) {
      for (int i = 0; i < 5; i++) {
        v.create("/f" + i, 0644);
        v.sync();
      }
    }
    // Behind the segment's header: the first record, which later ones say was synced.
    put(volume.relativize(onlySegment()).toString(), 100, 0xff, 0xff, 0xff, 0xff);
    Map<String, Integer> before = bytes();
    assertThatThrownBy(() -> Volume.open(volume, OPTIONS).close())
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EUCLEAN));
    assertThat(bytes()).isEqualTo(before);
  }

  @Test
  void openInThisJvm() throws IOException {
    try (Volume first = Volume.open(volume, OPTIONS)) {
      assertThatThrownBy(() -> Volume.open(volume, OPTIONS))
          .isInstanceOfSatisfying(
              ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
          .hasMessageContaining("" + ProcessHandle.current().pid());
      first.create("/still", 0644);
    }
    Volume.open(volume, OPTIONS).close();
  }

  /** Opens a volume and waits to be killed. */
  static final class Holder {
    public static void main(String[] args) throws IOException {
      Volume.open(Path.of(args[0]), OPTIONS);
      System.out.println(ProcessHandle.current().pid());
      System.in.read();
    }
  }

  @Test
  void openInAnotherProcess() throws IOException {
    try (ChildJvm child = new ChildJvm(List.of(), Holder.class, volume.toString())) {
      Optional<String> pid = child.line();
      assertThatThrownBy(() -> Volume.open(volume, OPTIONS))
          .isInstanceOfSatisfying(
              ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
          .hasMessageContaining(pid.orElseThrow());
    }
    // The holder is gone, and its lock with it.
    Volume.open(volume, OPTIONS).close();
  }
}
