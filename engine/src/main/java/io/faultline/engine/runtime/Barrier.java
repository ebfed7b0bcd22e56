package io.faultline.engine.runtime;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Every place where the engine makes something durable, or waits until it is, before it goes on:
 * one constant per call site, and a switch that leaves this one out. Crash exploration leaves out
 * one after the other and has to find a state of the media that shows it.
 *
 * <p>As with {@link Mutant}, whose place a few of them share, the switch exists only in a JVM
 * started with {@code -Dfaultline.mutants=true} and costs nothing elsewhere.
 */
public enum Barrier {
  /** R13: a commit flushes the image before it persists its record. */
  COMMIT_IMAGE_FLUSH("Journal.commit"),
  /** R13: a commit waits for its record before it lets its waiters go. */
  COMMIT_RECORD_WAIT("Journal.persist"),
  /** I6: freed blocks come back only when the transaction that freed them is durable. */
  FREE_WAIT("DurableFrees.durable", Mutant.R9_FREE_AT_ONCE),
  /** R2: fsync writes the file's dirty pages back. */
  FSYNC_WRITEBACK("Durability.fsync"),
  /** R2: who writes back and waits also waits for pages that others write back. */
  WRITEBACK_WAIT("DirtyPages.awaitWriteback", Mutant.R2_FSYNC_SKIPS_WRITEBACK),
  /** R2: fsync waits for the newest transaction that names the file. */
  FSYNC_COMMIT("Durability.fsync"),
  /** R2: fsync flushes the image. */
  FSYNC_IMAGE_FLUSH("Durability.fsync", Mutant.R2_FSYNC_SKIPS_FLUSH),
  /** R2: the first flush behind an open is made, also if nothing was written since. */
  REOPENED_IMAGE_FLUSH("FlushingDevice.flushWritten"),
  /** Sync of the volume writes all dirty pages back. */
  SYNC_WRITEBACK("Durability.syncAll"),
  /** Sync of the volume commits. */
  SYNC_COMMIT("Durability.syncAll"),
  /** Sync of the volume flushes the image. */
  SYNC_IMAGE_FLUSH("Durability.syncAll"),
  /** R24: closing a volume syncs it. */
  CLOSE_SYNC("LiveVolume.close", Mutant.R24_CLOSE_DOES_NOT_SYNC),
  /** R24: a commit interval after a change all dirty pages are written back. */
  INTERVAL_WRITEBACK("BackgroundWriteback.settle"),
  /** R24: a commit interval after a change everything is committed. */
  INTERVAL_COMMIT("BackgroundWriteback.settle"),
  /** R24: a commit interval after a change the image is flushed. */
  INTERVAL_IMAGE_FLUSH("BackgroundWriteback.settle"),
  /** D2: writeback waits for its writes before it publishes where the data is. */
  WRITEBACK_IO_WAIT("Writeback.settle"),
  /** R9: writeback waits until a shift of the blocks it writes to is durable. */
  WRITEBACK_MOVES_WAIT("Writeback.writeRun"),
  /** R9: zeroing an edge in place waits until a shift of its block is durable. */
  EDGE_MOVES_WAIT("MappingOperations.run"),
  /** I16: what lies behind the end of file is zeroed on the device before the size grows. */
  SUSPECT_TAIL_WRITEBACK("SuspectTail.mend"),
  /** R8: a record is synced before it is acknowledged. */
  SEGMENT_SYNC("SegmentLog.writeAndSync"),
  /** R8: a new segment's header is synced before a record goes into it. */
  SEGMENT_HEADER_SYNC("SegmentLog.roll"),
  /** R8: a new segment's name is synced before a record in it is acknowledged. */
  SEGMENT_DIRECTORY_SYNC("SegmentLog.roll"),
  /** R8: a full segment's zeros written ahead are durably cut before another one follows it. */
  SEGMENT_CUT_SYNC("SegmentLog.roll"),
  /** R8: what recovery is about to believe is synced. */
  RECOVERY_TAIL_SYNC("SegmentLog.scan"),
  /** R8: the names that recovery is about to believe are synced. */
  RECOVERY_DIRECTORY_SYNC("SegmentLog.scan"),
  /** A new journal's header is synced. */
  JOURNAL_CREATE_SYNC("SegmentLog.create"),
  /** A new journal's name is synced. */
  JOURNAL_CREATE_DIRECTORY_SYNC("SegmentLog.create"),
  /** R13: a checkpoint is synced before it gets its name. */
  CHECKPOINT_SYNC("CheckpointFiles.FileDraft.publish"),
  /** R13: a checkpoint's name is synced before anything goes that it replaces. */
  CHECKPOINT_DIRECTORY_SYNC("CheckpointFiles.FileDraft.publish"),
  /** R13: older checkpoints are durably gone before the segments that they would need. */
  CHECKPOINT_DROP_SYNC("Retention.dropCheckpoints"),
  /** R13: a segment is durably gone before the next one goes. */
  SEGMENT_DROP_SYNC("Retention.run"),
  /** A new image is synced, its length included. */
  IMAGE_CREATE_SYNC("VolumeDirectory.makeImage"),
  /** The names of a new volume's parts are synced before it gets its superblock. */
  VOLUME_PARTS_SYNC("VolumeDirectory.fill"),
  /** A superblock is synced before it takes the place of the one before it. */
  SUPERBLOCK_SYNC("SuperblockFile.write"),
  /** The new superblock's place is synced. */
  SUPERBLOCK_DIRECTORY_SYNC("SuperblockFile.write"),
  /** The name of a new volume is synced. */
  VOLUME_DIRECTORY_SYNC("VolumeDirectory.fill");

  private static volatile @Nullable Barrier omitted;

  private final String place;
  private final @Nullable Mutant mutant;

  Barrier(String place) {
    this(place, null);
  }

  Barrier(String place, @Nullable Mutant mutant) {
    this.place = place;
    this.mutant = mutant;
  }

  /** Whether this one is to be left out. */
  public boolean omitted() {
    return Mutant.ENABLED && (omitted == this || (mutant != null && mutant.on()));
  }

  /** Leaves out {@code site} and no other, for the whole JVM; null leaves out none. */
  public static void omit(@Nullable Barrier site) {
    if (site != null && !Mutant.ENABLED) {
      throw new IllegalStateException("omissions need -Dfaultline.mutants=true");
    }
    omitted = site;
  }

  /** Its word on a command line, such as {@code segment-sync}. */
  public String site() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Class and method of the call. */
  public String place() {
    return place;
  }

  /** The site of that word, or empty. */
  public static Optional<Barrier> of(String site) {
    String wanted = site.toLowerCase(Locale.ROOT).replace('_', '-');
    return Arrays.stream(values()).filter(b -> b.site().equals(wanted)).findFirst();
  }
}
