package io.faultline.cli;

import io.faultline.VolumeOptions;
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

  /** Whether the command line says anything of a new volume. */
  boolean given() {
    return layout != null || size != null;
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
