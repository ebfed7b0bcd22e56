package io.faultline.soak;

import io.faultline.Volume;
import io.faultline.VolumeOptions;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.replay.JournalReader;
import java.io.IOException;
import java.nio.file.Path;

/** The volumes of the engine. */
final class EngineVolumes implements VolumeSource {
  @Override
  public Volume create(Path directory, VolumeOptions options) throws IOException {
    return Volume.create(directory, options);
  }

  @Override
  public Volume open(Path directory, VolumeOptions options) throws IOException {
    return Volume.open(directory, options);
  }

  @Override
  public Replayed replay(Path directory) throws IOException {
    InodeTable table = new InodeTable();
    long transactions = 0;
    long mappingChanges = 0;
    try (JournalReader reader = JournalReader.open(directory)) {
      for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
        transactions++;
        for (Event event : tx.events()) {
          table.apply(event);
          mappingChanges += removesMappedBlocks(event) ? 1 : 0;
        }
      }
    }
    return new Replayed(VolumeImage.of(table), table.size(), transactions, mappingChanges);
  }

  private static boolean removesMappedBlocks(Event event) {
    return switch (event) {
      case Event.Truncated truncated -> !truncated.removed().isEmpty();
      case Event.RangePunched punched -> !punched.removed().isEmpty();
      case Event.RangeCollapsed collapsed -> true;
      case Event.RangeInserted inserted -> true;
      default -> false;
    };
  }
}
