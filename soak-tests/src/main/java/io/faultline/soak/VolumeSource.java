package io.faultline.soak;

import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.IOException;
import java.nio.file.Path;

/** Where a soak has its volumes from. Tests put volumes with known faults here. */
interface VolumeSource {
  /** Makes a volume in an empty or missing directory. */
  Volume create(Path directory, VolumeOptions options) throws IOException;

  /** Opens a volume that is there. */
  Volume open(Path directory, VolumeOptions options) throws IOException;

  /** Reads the journal of a closed volume from its beginning. */
  Replayed replay(Path directory) throws IOException;
}
