package io.faultline.cli;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code put}: bytes of the host become a file. */
@Command(name = "put", description = "Writes a file of the host, or standard input, to a file.")
final class Put extends VolumeVerb {
  private static final int BUFFER_BYTES = 1 << 20;

  @Parameters(index = "1", paramLabel = "PATH", description = "The file; what it held is replaced.")
  private String path = "";

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "HOSTFILE",
      description = "The source; - or nothing for standard input.")
  private String source = "-";

  Put(Host host) {
    super(host, false);
  }

  @Override
  int run(Volume volume) throws IOException {
    // The source first: if there is none, the file keeps what it has.
    if (source.equals("-")) {
      copy(host().in(), volume);
      return ExitCode.HELD;
    }
    try (InputStream from = Files.newInputStream(Path.of(source))) {
      copy(from, volume);
    }
    return ExitCode.HELD;
  }

  private void copy(InputStream from, Volume volume) throws IOException {
    byte[] bytes = new byte[BUFFER_BYTES];
    try (OpenFile file = volume.open(path, CREATE, TRUNCATE_EXISTING, WRITE)) {
      long at = 0;
      for (int read = from.readNBytes(bytes, 0, BUFFER_BYTES);
          read > 0;
          read = from.readNBytes(bytes, 0, BUFFER_BYTES)) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, read);
        while (buffer.hasRemaining()) {
          at += file.write(buffer, at);
        }
      }
    }
  }
}
