package io.faultline.cli;

import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code cat}: the bytes of files, one after the other. */
@Command(name = "cat", description = "Writes the bytes of files to standard output.")
final class Cat extends VolumeVerb {
  private static final int BUFFER_BYTES = 1 << 20;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "PATH", description = "The files.")
  private List<String> paths = List.of();

  Cat(Host host) {
    super(host, true);
  }

  @Override
  int run(Volume volume) throws IOException {
    byte[] bytes = new byte[BUFFER_BYTES];
    OutputStream to = host().out();
    for (String path : paths) {
      try (OpenFile file = volume.open(path)) {
        long at = 0;
        int read = file.read(ByteBuffer.wrap(bytes), at);
        while (read > 0) {
          to.write(bytes, 0, read);
          at += read;
          read = file.read(ByteBuffer.wrap(bytes), at);
        }
      }
    }
    to.flush();
    return ExitCode.HELD;
  }
}
