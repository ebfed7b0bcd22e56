package io.faultline.bench;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Whether the host's ext4 keeps a journal. One without, as some virtual machines mount theirs, has
 * less to write in a sync and nothing to replay after a crash: who compares durable writes with it
 * must know.
 */
final class HostJournal {
  private HostJournal() {}

  /** Whether {@code store} is an ext4 without a journal; false where that cannot be told. */
  static boolean missing(FileStore store) throws IOException {
    Path device = Path.of(store.name()).getFileName();
    return device != null && isWithout(Path.of("/proc/fs"), device.toString());
  }

  /** The same of a device; {@code proc} is where the kernel lists filesystems. */
  static boolean isWithout(Path proc, String device) throws IOException {
    if (!Files.isDirectory(proc.resolve("ext4").resolve(device))) {
      return false;
    }
    Path journals = proc.resolve("jbd2");
    if (!Files.isDirectory(journals)) {
      return true;
    }
    try (Stream<Path> all = Files.list(journals)) {
      // One entry per journal, named by device and inode: vda1-8.
      return all.noneMatch(
          p -> {
            String name = String.valueOf(p.getFileName());
            return name.equals(device) || name.startsWith(device + "-");
          });
    }
  }
}
