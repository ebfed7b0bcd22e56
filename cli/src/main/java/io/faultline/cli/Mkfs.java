package io.faultline.cli;

import io.faultline.Volume;
import io.faultline.VolumeStatus;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code mkfs}: makes an empty volume. */
@Command(name = "mkfs", description = "Makes an empty volume.")
final class Mkfs extends VolumeVerb {
  @Mixin private CreationOptions creation = new CreationOptions();

  Mkfs(Host host) {
    super(host, false);
  }

  @Override
  Volume volume() throws IOException {
    return host().create().apply(directory(), creation.options(commandLine()));
  }

  @Override
  int run(Volume volume) throws IOException {
    VolumeStatus status = volume.status();
    out()
        .println(
            "made "
                + directory()
                + " layout="
                + status.layout()
                + " blocks="
                + status.blocksTotal()
                + " id="
                + status.volumeId());
    return ExitCode.HELD;
  }
}
