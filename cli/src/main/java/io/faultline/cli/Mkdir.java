package io.faultline.cli;

import io.faultline.Volume;
import io.faultline.tree.VolumePaths;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code mkdir}: makes directories. */
@Command(name = "mkdir", description = "Makes directories.")
final class Mkdir extends VolumeVerb {
  @Option(
      names = {"-p", "--parents"},
      description = "Make missing parents too; an existing directory is no failure.")
  private boolean parents;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "PATH", description = "What to make.")
  private List<String> paths = List.of();

  Mkdir(Host host) {
    super(host, false);
  }

  @Override
  int run(Volume volume) throws IOException {
    for (String path : paths) {
      if (parents) {
        VolumePaths.makeDirectories(volume, path);
      } else {
        volume.mkdir(path);
      }
    }
    return ExitCode.HELD;
  }
}
