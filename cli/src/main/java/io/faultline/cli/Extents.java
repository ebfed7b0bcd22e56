package io.faultline.cli;

import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code extents}: the runs of a file that are not holes. */
@Command(
    name = "extents",
    description = "Lists the runs of a file that are no holes, one off:len:state per line.")
final class Extents extends VolumeVerb {
  @Parameters(index = "1", paramLabel = "PATH", description = "The file.")
  private String path = "";

  Extents(Host host) {
    super(host, true);
  }

  @Override
  int run(Volume volume) throws IOException {
    try (OpenFile file = volume.open(path)) {
      file.extents().forEach(extent -> out().println(OpsSession.extent(extent)));
    }
    return ExitCode.HELD;
  }
}
