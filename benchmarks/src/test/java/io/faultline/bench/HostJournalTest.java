package io.faultline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: a comparison names a host that journals nothing, and accuses no other. Method: the kernel's
 * lists of filesystems and journals, made by hand.
 */
class HostJournalTest {
  @TempDir Path proc = Path.of("");

  @Test
  void anExt4ThatNoJournalIsListedForHasNone() throws IOException {
    Files.createDirectories(proc.resolve("ext4/vda"));
    assertThat(HostJournal.isWithout(proc, "vda")).isTrue();
    Files.createDirectories(proc.resolve("ext4/vda1"));
    Files.createDirectories(proc.resolve("jbd2/vda1-8"));
    assertThat(HostJournal.isWithout(proc, "vda")).isTrue();
    assertThat(HostJournal.isWithout(proc, "vda1")).isFalse();
  }

  @Test
  void anInternalOrExternalJournalCounts() throws IOException {
    Files.createDirectories(proc.resolve("ext4/sda2"));
    Files.createDirectories(proc.resolve("jbd2/sda2"));
    assertThat(HostJournal.isWithout(proc, "sda2")).isFalse();
    Files.createDirectories(proc.resolve("ext4/dm-0"));
    Files.createDirectories(proc.resolve("jbd2/dm-0-8"));
    assertThat(HostJournal.isWithout(proc, "dm-0")).isFalse();
  }

  @Test
  void nothingIsSaidOfOtherFilesystems() throws IOException {
    assertThat(HostJournal.isWithout(proc, "sdb1")).isFalse();
  }
}
