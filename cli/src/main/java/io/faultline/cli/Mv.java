package io.faultline.cli;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.Volume;
import io.faultline.tree.VolumePaths;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code mv}: renames, or moves into a directory. */
@Command(name = "mv", description = "Renames a file or directory; into TO if that is a directory.")
final class Mv extends VolumeVerb {
  @Parameters(index = "1", paramLabel = "FROM", description = "The old path.")
  private String from = "";

  @Parameters(index = "2", paramLabel = "TO", description = "The new path, or a directory.")
  private String to = "";

  Mv(Host host) {
    super(host, false);
  }

  @Override
  int run(Volume volume) throws IOException {
    String target = isDirectory(volume) ? VolumePaths.child(to, VolumePaths.name(from)) : to;
    volume.rename(from, target);
    return ExitCode.HELD;
  }

  private boolean isDirectory(Volume volume) throws IOException {
    try {
      return volume.stat(to).isDirectory();
    } catch (ErrnoException failure) {
      if (failure.errno() == Errno.ENOENT) {
        return false;
      }
      throw failure;
    }
  }
}
