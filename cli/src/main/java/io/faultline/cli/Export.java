package io.faultline.cli;

import io.faultline.Volume;
import io.faultline.tree.TreeExport;
import io.faultline.tree.TreeSummary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code export}: a tree of a volume into a directory of the host. */
@Command(
    name = "export",
    description = {
      "Copies a tree of a volume into a directory of the host, holes as holes.",
      "Contents, sizes, modes, times, hard and symbolic links are kept, owners as far as the host"
          + " allows. What the host cannot hold is named on standard error, and the exit code is 1."
    })
final class Export extends VolumeVerb {
  @Option(
      names = {"-f", "--force"},
      description = "Replace files that exist.")
  private boolean force;

  @Parameters(index = "1", paramLabel = "PATH", description = "The directory or file to copy.")
  private String source = "/";

  @Parameters(index = "2", paramLabel = "HOSTDIR", description = "Made if missing.")
  private @Nullable Path target;

  Export(Host host) {
    super(host, true);
  }

  @Override
  int run(Volume volume) throws IOException {
    TreeSummary summary;
    try (TransferProgress progress = new TransferProgress("export", this::complain)) {
      summary = new TreeExport(volume, progress, force).run(source, Objects.requireNonNull(target));
    }
    out().println("exported " + summary);
    return summary.isComplete() ? ExitCode.HELD : ExitCode.FAILED;
  }
}
