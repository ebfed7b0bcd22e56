package io.faultline;

import io.faultline.engine.device.DirectoryJournalStore;
import io.faultline.engine.device.ImageFileDevice;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.checkpoint.CheckpointFiles;
import io.faultline.persistence.checkpoint.CheckpointStore;
import io.faultline.persistence.checkpoint.Checkpointer;
import io.faultline.persistence.checkpoint.Keep;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.file.Path;

/** Volumes in directories that take checkpoints more often than users can ask for. */
final class CheckpointedVolumes {
  private CheckpointedVolumes() {}

  static CheckpointStore checkpoints(Path directory) {
    return new CheckpointFiles(
        new DirectoryJournalStore(VolumeDirectory.checkpointDirectory(directory)));
  }

  /** Opens a volume in which {@code events} of them make a checkpoint, and nothing is dropped. */
  static JournaledVolume open(Path directory, VolumeOptions options, long events)
      throws IOException {
    VolumeDirectory files = VolumeDirectory.open(directory, false);
    return VolumeOpener.open(
        EngineRuntime.production(),
        ImageFileDevice.open(files.imageFile(), false, files.superblock().imageBytes(), false),
        files.journalStore(),
        checkpoints(directory),
        files::close,
        options,
        new Checkpointer.Options(events, Long.MAX_VALUE, new Keep.All()),
        files.raiseEpoch());
  }
}
