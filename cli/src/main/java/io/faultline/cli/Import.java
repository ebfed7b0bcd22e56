package io.faultline.cli;

import io.faultline.Volume;
import io.faultline.tree.TreeImport;
import io.faultline.tree.TreeSummary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code import}: a directory tree of the host into a volume. */
@Command(
    name = "import",
    description = {
      "Copies a directory tree of the host into a volume; a missing volume is made.",
      "Contents, sizes, modes, owners, times, hard and symbolic links are kept. Aligned blocks of"
          + " 4096 zero bytes become holes. What a volume cannot hold is named on standard error,"
          + " and the exit code is 1."
    })
final class Import extends VolumeVerb {
  @Mixin private CreationOptions creation = new CreationOptions();

  @Parameters(index = "1", paramLabel = "HOSTDIR", description = "The tree.")
  private @Nullable Path source;

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "PATH",
      description = "The directory it becomes; made if missing. Default: /")
  private String target = "/";

  Import(Host host) {
    super(host, false);
  }

  @Override
  Volume volume() throws IOException {
    return Ops.openOrCreate(this, true, creation);
  }

  @Override
  int run(Volume volume) throws IOException {
    TreeSummary summary;
    try (TransferProgress progress = new TransferProgress("import", this::complain)) {
      summary = new TreeImport(volume, progress).run(Objects.requireNonNull(source), target);
    }
    // Before it is said to be there.
    volume.sync();
    out().println("imported " + summary);
    return summary.isComplete() ? ExitCode.HELD : ExitCode.FAILED;
  }
}
