package io.faultline.cli;

import io.faultline.Volume;
import io.faultline.VolumeOptions;
import io.faultline.VolumeStatus;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How a new volume is to be. */
final class CreationOptions {
  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      description = "The filesystem kind of a new volume (default: ext4).")
  private @Nullable String layout;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      description = "The size of a new volume, such as 512m or 4GiB (default: 1g).")
  private @Nullable String size;

  /** Refuses a volume that is not what the command line says; what it does not say is free. */
  void requireOf(Volume volume) throws IOException {
    VolumeStatus status = volume.status();
    if (layout != null && !layout.equalsIgnoreCase(status.layout())) {
      throw new IOException("the volume's layout is " + status.layout() + ", not " + layout);
    }
    long bytes = status.blocksTotal() * VolumeOptions.BLOCK_SIZE_BYTES;
    if (size != null && VolumeOptions.defaults().size(size).sizeBytes() != bytes) {
      throw new IOException("the volume's size is " + bytes + " bytes, not " + size);
    }
  }

  /** The options; a value they refuse is wrong usage. */
  VolumeOptions options(CommandLine line) {
    try {
      VolumeOptions options = VolumeOptions.defaults();
      options = layout == null ? options : options.layout(layout);
      return size == null ? options : options.size(size);
    } catch (IllegalArgumentException refused) {
      throw new ParameterException(line, String.valueOf(refused.getMessage()), refused);
    }
  }
}
