package io.faultline.cli;

import io.faultline.VolumeOptions;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes as util-linux does: {@code 4096}, {@code 4k}, {@code 1MiB}, {@code 1MB}. */
final class Sizes implements ITypeConverter<Long> {
  @Override
  public Long convert(String text) {
    try {
      return VolumeOptions.parseSizeBytes(text);
    } catch (IllegalArgumentException noSize) {
      throw new TypeConversionException(String.valueOf(noSize.getMessage()));
    }
  }
}
