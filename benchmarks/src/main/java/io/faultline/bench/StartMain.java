package io.faultline.bench;

import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A JVM that makes a volume, writes a page, reads it, says so and ends. */
final class StartMain {
  /** What it says. */
  static final String READ = "@read";

  private StartMain() {}

  /** Argument: a directory that does not exist. */
  public static void main(String[] args) throws IOException {
    try (Volume volume = Volume.create(Path.of(args[0]), VolumeOptions.defaults());
        OpenFile file =
            volume.open(
                "/first",
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        // An answer to the JVM that asks, not output for people.
        FileOutputStream answer = new FileOutputStream(FileDescriptor.out)) {
      ByteBuffer page = Pages.buffer(Pages.BYTES);
      Pages.stamp(page, 0, 0, 1);
      file.write(page.clear(), 0);
      int read = file.read(page.clear(), 0);
      if (read == Pages.BYTES && Pages.difference(page, 0, 0, 1) == 0) {
        answer.write((READ + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
  }
}
