package io.faultline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.inode.Inode;
import io.faultline.persistence.checkpoint.CheckpointStore;
import io.faultline.persistence.checkpoint.Continuity;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: a volume that takes checkpoints is the same volume, opened in each way, and one that does
 * nothing takes none. Method: a volume in a directory with a checkpoint every few events, opened
 * for writing and for reading, compared inode by inode; then its checkpoints are damaged.
 */
@Timeout(60)
class CheckpointedVolumeTest {
  private static final VolumeOptions OPTIONS =
      VolumeOptions.defaults().size("4m").cacheSize("1m").keep("all");

  @TempDir private Path temp;

  private Path directory() {
    return temp.resolve("v");
  }

  private JournaledVolume open(long events) throws IOException {
    return CheckpointedVolumes.open(directory(), OPTIONS, events);
  }

  private CheckpointStore checkpoints() {
    return CheckpointedVolumes.checkpoints(directory());
  }

  private static void work(Volume volume, String name) throws IOException {
    volume.mkdir("/" + name, 0755);
    for (int i = 0; i < 12; i++) {
      try (OpenFile file = volume.open("/" + name + "/f" + i, CREATE, WRITE)) {
        file.write(ByteBuffer.wrap(new byte[9_000]), i * 4096L);
        file.punchHole(4096, 4096);
        file.sync();
      }
    }
    volume.rename("/" + name + "/f3", "/" + name + "-moved");
    volume.unlink("/" + name + "/f4");
    volume.sync();
  }

  private List<Inode> stateOf(VolumeOptions options) throws IOException {
    try (Volume volume = Volume.open(directory(), options)) {
      assertThat(volume.fsck().findings()).isEmpty();
      return ((JournaledVolume) volume).live().table().all();
    }
  }

  @Test
  void volumeWithCheckpointsIsTheSameVolumeHoweverItIsOpened() throws Exception {
    Volume.create(directory(), OPTIONS).close();
    List<Inode> state;
    try (JournaledVolume volume = open(40)) {
      work(volume, "a");
      state = volume.live().table().all();
    }
    List<Long> taken = checkpoints().list();
    assertThat(taken).isNotEmpty();
    assertThat(stateOf(OPTIONS.readOnly(true))).isEqualTo(state);
    assertThat(stateOf(OPTIONS)).isEqualTo(state);
    try (JournaledVolume volume = open(40)) {
      work(volume, "b");
      state = volume.live().table().all();
      assertThat(Objects.requireNonNull(volume.metrics().get("checkpoints"))).isPositive();
    }
    assertThat(checkpoints().list().size()).isGreaterThan(taken.size());
    assertThat(stateOf(OPTIONS)).isEqualTo(state);
    VolumeDirectory files = VolumeDirectory.open(directory(), true);
    assertThat(
            Continuity.check(files.journalStore(), checkpoints(), files.superblock().identity())
                .problems())
        .isEmpty();
    files.close();
    assertThat(VolumeCheck.check(directory()).findings()).isEmpty();
    damageAll();
    // The journal reaches back to its beginning, so the volume opens; fsck tells of each.
    assertThat(VolumeCheck.check(directory()).findings())
        .hasSameSizeAs(checkpoints().list())
        .allSatisfy(
            finding -> {
              assertThat(finding.kind()).isEqualTo("journal");
              assertThat(finding.saw()).contains(".ckpt");
            });
    assertThat(stateOf(OPTIONS)).isEqualTo(state);
  }

  private void damageAll() throws IOException {
    try (Stream<Path> files = Files.list(VolumeDirectory.checkpointDirectory(directory()))) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        Files.write(file, bytes);
      }
    }
  }

  @Test
  void volumeThatDoesNothingTakesNone() throws Exception {
    Volume.create(directory(), OPTIONS).close();
    try (JournaledVolume volume = open(40)) {
      work(volume, "a");
    }
    List<Long> taken = checkpoints().list();
    // More than enough has happened since the last one, but nothing does now.
    try (JournaledVolume volume = open(1)) {
      assertThat(volume.list("/")).isNotEmpty();
      volume.sync();
    }
    assertThat(checkpoints().list()).isEqualTo(taken);
  }

  @Test
  void journalThatWasDroppedBehindDamagedCheckpointsIsRefusedInOneLine() throws Exception {
    Volume.create(directory(), OPTIONS).close();
    try (JournaledVolume volume = open(40)) {
      work(volume, "a");
    }
    damageAll();
    Path first = VolumeDirectory.journalDirectory(directory()).resolve("0000000000000001.log");
    Files.move(first, first.resolveSibling("0000000000000002.log"));
    for (boolean readOnly : new boolean[] {false, true}) {
      assertThatThrownBy(() -> Volume.open(directory(), OPTIONS.readOnly(readOnly)))
          .isInstanceOfSatisfying(
              ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EUCLEAN))
          .hasMessageContaining("the journal would have to reach back further")
          .hasMessageNotContaining("\n");
    }
  }
}
