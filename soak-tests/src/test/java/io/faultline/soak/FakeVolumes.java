package io.faultline.soak;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import io.faultline.soak.model.ModelFilesystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Volumes in memory, right or with one fault each, for showing what a soak finds. */
final class FakeVolumes implements VolumeSource {

  /** What such a volume does wrong. */
  enum Fault {
    NONE,
    /** Every 50th punch does nothing. */
    LOSES_PUNCHES,
    /** Reads come from a copy of the page that changes do not always take away. */
    STALE_PAGES,
    /** Reads go on behind the end of the file, to the end of its page. */
    PAST_END,
    /** Appends fail. */
    FAILS,
    /** An operation never ends. */
    HANGS,
    /** The check finds something. */
    UNCLEAN,
    /** Opening again loses the last byte of each file. */
    FORGETS_ON_OPEN,
    /** The journal tells another story. */
    WRONG_JOURNAL,
    /** Renaming does nothing. */
    LOSES_RENAMES,
    /** Imported files get the time of the import. */
    LOSES_TIMES
  }

  private final Fault fault;
  private final Map<Path, FakeVolume.Disk> disks = new ConcurrentHashMap<>();

  FakeVolumes(Fault fault) {
    this.fault = fault;
  }

  @Override
  public Volume create(Path directory, VolumeOptions options) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("superblock"), "fake");
    disks.put(directory, new FakeVolume.Disk());
    return open(directory, options);
  }

  @Override
  public Volume open(Path directory, VolumeOptions options) throws IOException {
    FakeVolume.Disk disk = disks.get(directory);
    if (disk == null) {
      throw new ErrnoException(Errno.ENOENT, "open", directory + " holds no volume");
    }
    if (fault == Fault.FORGETS_ON_OPEN) {
      disk.nodes.values().forEach(node -> node.content.forgetLastByte());
    }
    return FakeVolume.on(disk, fault);
  }

  @Override
  public Replayed replay(Path directory) throws IOException {
    FakeVolume.Disk disk = disks.get(directory);
    if (disk == null) {
      throw new ErrnoException(Errno.ENOENT, "replay", directory + " holds no journal");
    }
    if (fault == Fault.WRONG_JOURNAL) {
      return new Replayed(VolumeImage.of(new ModelFilesystem()), 1, 1, 0);
    }
    VolumeImage image = VolumeImage.of(FakeVolume.on(disk, Fault.NONE));
    return new Replayed(image, image.inodes(), 1, 0);
  }
}
