package io.faultline.cli;

import io.faultline.DirectoryEntry;
import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.Volume;
import io.faultline.tree.VolumePaths;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rm}: removes names. */
@Command(name = "rm", description = "Removes files, with -r directories and all below them.")
final class Rm extends VolumeVerb {
  @Option(
      names = {"-r", "-R", "--recursive"},
      description = "Remove directories and all below them.")
  private boolean recursive;

  @Option(
      names = {"-f", "--force"},
      description = "A path that does not exist is no failure.")
  private boolean force;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "PATH", description = "What to remove.")
  private List<String> paths = List.of();

  Rm(Host host) {
    super(host, false);
  }

  @Override
  int run(Volume volume) throws IOException {
    for (String path : paths) {
      try {
        remove(volume, path);
      } catch (ErrnoException failure) {
        if (!force || failure.errno() != Errno.ENOENT) {
          throw failure;
        }
      }
    }
    return ExitCode.HELD;
  }

  private void remove(Volume volume, String path) throws IOException {
    if (!recursive || !volume.lstat(path).isDirectory()) {
      volume.unlink(path);
      return;
    }
    for (DirectoryEntry entry : volume.list(path)) {
      remove(volume, VolumePaths.child(path, entry.name()));
    }
    // Of the root only what is in it can go.
    if (!VolumePaths.name(path).isEmpty()) {
      volume.rmdir(path);
    }
  }
}
