package io.faultline.persistence.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: a directory that is no usable volume gives one clear error and stays as it is. Method: each
 * kind of it, with all bytes compared before and after.
 */
class VolumeDirectoryTest {
  private static final long SIZE_BYTES = 64 * 4096;

  @TempDir private Path temp;
  private Path volume;

  @BeforeEach
  void chooseDirectory() {
    volume = temp.resolve("v");
  }

  private void create() throws IOException {
    VolumeDirectory.create(volume, "ext4", SIZE_BYTES + 100).close();
  }

  private static Map<Path, String> content(Path directory) throws IOException {
    TreeMap<Path, String> content = new TreeMap<>();
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path p : tree.toList()) {
        content.put(p, Files.isDirectory(p) ? "directory" : Arrays.toString(Files.readAllBytes(p)));
      }
    }
    return content;
  }

  private void assertRefused(Errno errno, String... texts) throws IOException {
    Map<Path, String> before = content(temp);
    for (boolean readOnly : new boolean[] {false, true}) {
      assertThatThrownBy(() -> VolumeDirectory.open(volume, readOnly).close())
          .isInstanceOfSatisfying(FsException.class, e -> assertThat(e.errno()).isEqualTo(errno))
          .hasMessageContainingAll(texts)
          .hasMessageNotContaining("\n");
    }
    assertThat(content(temp)).isEqualTo(before);
  }

  private void overwrite(String file, long at, byte... bytes) throws IOException {
    try (RandomAccessFile f = new RandomAccessFile(volume.resolve(file).toFile(), "rw")) {
      f.seek(at);
      f.write(bytes);
    }
  }

  private void truncate(String file, long length) throws IOException {
    try (RandomAccessFile f = new RandomAccessFile(volume.resolve(file).toFile(), "rw")) {
      f.setLength(length);
    }
  }

  @Test
  void createdVolumeOpensWithWhatItWasMadeOf() throws IOException {
    create();
    try (VolumeDirectory open = VolumeDirectory.open(volume, false)) {
      Superblock s = open.superblock();
      assertThat(s.layout()).isEqualTo("ext4");
      assertThat(s.blocks()).isEqualTo(64);
      assertThat(s.epoch()).isEqualTo(1);
      assertThat(Files.size(open.imageFile())).isEqualTo(SIZE_BYTES);
      assertThat(open.journalStore().list()).containsExactly("0000000000000001.log");
      assertThat(Files.readString(volume.resolve("lock")))
          .isEqualTo(ProcessHandle.current().pid() + "\n");
    }
  }

  @Test
  void everyEpochIsHigherThanTheLastOneAndDurable() throws IOException {
    create();
    for (long epoch = 2; epoch < 5; epoch++) {
      try (VolumeDirectory open = VolumeDirectory.open(volume, false)) {
        VolumeIdentity identity = open.raiseEpoch();
        assertThat(identity.epoch()).isEqualTo(epoch);
        assertThat(VolumeDirectory.readSuperblock(volume)).isEqualTo(open.superblock());
        SegmentLog.open(EngineRuntime.production(), open.journalStore(), identity).close();
      }
    }
    try (VolumeDirectory open = VolumeDirectory.open(volume, true)) {
      assertThat(open.superblock().epoch()).isEqualTo(4);
      assertThatThrownBy(open::raiseEpoch).hasMessageContaining("EROFS");
    }
  }

  @Test
  void superblockHasItsGoldenBytes() throws IOException {
    Superblock golden = new Superblock(new UUID(1, 2), "ext4", 4096, 64, 3, 5);
    byte[] bytes = golden.encode().array();
    assertThat(java.util.HexFormat.of().formatHex(bytes, 0, 80))
        .isEqualTo(
            "464c54564f4c0a00"
                + "00000001"
                + "00001000"
                + "00000000000000010000000000000002"
                + "65787434000000000000000000000000"
                + "00001000"
                + "0000000000000040"
                + "0000000000000003"
                + "0000000000000005"
                + "00000000");
    assertThat(bytes).hasSize(4096);
    assertThat(Superblock.decode(ByteBuffer.wrap(bytes), "v")).isEqualTo(golden);
  }

  // --- refusals

  @Test
  void directoryThatIsNoVolumeIsRefused() throws IOException {
    Files.createDirectory(volume);
    assertRefused(Errno.ENOENT, "is not a volume");
    Files.writeString(volume.resolve("letter.txt"), "hello");
    assertRefused(Errno.ENOENT, "is not a volume");
  }

  @Test
  void absentDirectoryAndFileAreRefused() throws IOException {
    assertRefused(Errno.ENOENT, "is not a volume");
    Files.writeString(volume, "a file");
    assertRefused(Errno.ENOTDIR, "is not a volume");
  }

  @Test
  void newerFormatIsRefusedByNumber() throws IOException {
    create();
    overwrite("superblock", 8, (byte) 0, (byte) 0, (byte) 0, (byte) 7);
    assertRefused(Errno.EUCLEAN, "has format 7, this version reads up to 1");
  }

  @Test
  void truncatedSuperblockIsRefusedWithItsLength() throws IOException {
    create();
    for (int length : new int[] {4095, 100, 16, 8, 0}) {
      truncate("superblock", length);
      assertRefused(Errno.EUCLEAN, "superblock", "it has " + length + " of 4096 bytes");
    }
  }

  @Test
  void damagedSuperblockIsRefused() throws IOException {
    create();
    overwrite("superblock", 53, (byte) 1);
    assertRefused(Errno.EUCLEAN, "superblock", "checksum is wrong");
    overwrite("superblock", 0, (byte) 1);
    assertRefused(Errno.EUCLEAN, "superblock", "wrong magic number");
  }

  @Test
  void imageSmallerThanTheSuperblockSaysIsRefusedWithBothFigures() throws IOException {
    create();
    truncate("blocks.img", SIZE_BYTES - 1);
    assertRefused(Errno.EUCLEAN, "has 262143 bytes, the superblock says 262144");
    Files.delete(volume.resolve("blocks.img"));
    assertRefused(Errno.EUCLEAN, "has no block image");
  }

  @Test
  void missingOrEmptyJournalIsRefused() throws IOException {
    create();
    Files.delete(volume.resolve("journal/0000000000000001.log"));
    assertRefused(Errno.EUCLEAN, "the journal of", "is empty");
    Files.delete(volume.resolve("journal"));
    assertRefused(Errno.EUCLEAN, "has no journal");
  }

  @Test
  void volumeOpenInThisProcessIsRefusedWithItsPid() throws IOException {
    create();
    VolumeDirectory open = VolumeDirectory.open(volume, false);
    assertRefused(Errno.EBUSY, "is open in process " + ProcessHandle.current().pid());
    open.close();
    open.close();
    VolumeDirectory.open(volume, false).close();
  }

  private Process startHolder() throws IOException {
    return new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-cp",
            System.getProperty("java.class.path"),
            Holder.class.getName(),
            volume.toString())
        .redirectErrorStream(true)
        .start();
  }

  @Test
  void volumeOpenInAnotherProcessIsRefusedWithItsPid() throws Exception {
    create();
    Process holder = startHolder();
    try {
      assertThat(holder.getInputStream().read()).isEqualTo('h');
      assertRefused(Errno.EBUSY, "is open in process " + holder.pid());
    } finally {
      holder.destroyForcibly().waitFor();
    }
    // The lock died with its holder.
    VolumeDirectory.open(volume, false).close();
  }

  /** Closing any descriptor of a file drops the process's locks on it: a refusal must not. */
  @Test
  void refusedSecondOpeningDoesNotLetAnotherProcessIn() throws Exception {
    create();
    try (VolumeDirectory open = VolumeDirectory.open(volume, false)) {
      for (boolean readOnly : new boolean[] {false, true}) {
        assertThatThrownBy(() -> VolumeDirectory.open(open.directory(), readOnly))
            .hasMessageContaining("is open in process " + ProcessHandle.current().pid());
      }
      Process intruder = startHolder();
      try {
        assertThat(new String(intruder.getInputStream().readNBytes(200), StandardCharsets.UTF_8))
            .contains("EBUSY");
      } finally {
        intruder.destroyForcibly().waitFor();
      }
    }
  }

  /** Another process: opens the volume, says so, and waits to be killed. */
  static final class Holder {
    public static void main(String[] args) throws Exception {
      try (VolumeDirectory held = VolumeDirectory.open(Path.of(args[0]), false)) {
        System.out.write((held.readOnly() ? "r" : "h").getBytes(StandardCharsets.US_ASCII));
        System.out.flush();
        System.in.read();
      }
    }
  }

  @Test
  void readersWriteNothing() throws IOException {
    create();
    Map<Path, String> before = content(temp);
    VolumeDirectory.open(volume, true).close();
    assertThat(content(temp)).isEqualTo(before);
  }

  // --- create

  private void assertNotCreated(Errno errno, String layout, long size) throws IOException {
    Map<Path, String> before = content(temp);
    assertThatThrownBy(() -> VolumeDirectory.create(volume, layout, size).close())
        .isInstanceOfSatisfying(FsException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    assertThat(content(temp)).isEqualTo(before);
  }

  @Test
  void nothingIsCreatedOverAnythingElse() throws IOException {
    create();
    assertNotCreated(Errno.EEXIST, "ext4", SIZE_BYTES);
    volume = temp.resolve("full");
    Files.createDirectory(volume);
    Files.writeString(volume.resolve("letter.txt"), "hello");
    assertNotCreated(Errno.ENOTEMPTY, "ext4", SIZE_BYTES);
    volume = temp.resolve("file");
    Files.writeString(volume, "hello");
    assertNotCreated(Errno.ENOTDIR, "ext4", SIZE_BYTES);
  }

  @Test
  void impossibleSizesAndLayoutsAreRefused() throws IOException {
    assertNotCreated(Errno.EINVAL, "ext4", 4095);
    assertNotCreated(Errno.EINVAL, "ext4", -4096);
    assertNotCreated(Errno.EINVAL, "", SIZE_BYTES);
    assertNotCreated(Errno.EINVAL, "a layout with a long name", SIZE_BYTES);
  }

  @Test
  void emptyDirectoryBecomesAVolume() throws IOException {
    Files.createDirectory(volume);
    create();
    VolumeDirectory.open(volume, false).close();
  }
}
