package io.faultline.cli;

import io.faultline.FsckReport;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;

/**
 * What verbs have around them: where volumes come from and the raw standard streams. Tests put
 * their own here.
 */
record Host(Opening create, Opening open, Checking check, InputStream in, OutputStream out) {

  /** {@link Volume#create} or {@link Volume#open(Path, VolumeOptions)}. */
  interface Opening {
    Volume apply(Path directory, VolumeOptions options) throws IOException;
  }

  /** {@link Volume#check} or {@link Volume#repair}. */
  interface Checking {
    FsckReport apply(Path directory, boolean repair) throws IOException;
  }

  /**
   * The process's own. The streams are the bare descriptors: System.out would swallow the broken
   * pipe of a reader that left.
   */
  static Host real() {
    return new Host(
        Volume::create,
        Volume::open,
        (directory, repair) -> repair ? Volume.repair(directory) : Volume.check(directory),
        new FileInputStream(FileDescriptor.in),
        new FileOutputStream(FileDescriptor.out));
  }
}
