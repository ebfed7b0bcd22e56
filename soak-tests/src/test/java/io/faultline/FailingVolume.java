package io.faultline;

import io.faultline.engine.device.CrashChoice;
import io.faultline.engine.device.FailingDevice;
import io.faultline.engine.device.FailingJournalStore;
import io.faultline.engine.device.FailurePlan;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.device.RecordingDevice;
import io.faultline.engine.lock.PhaseFairLock;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.volume.Fsck;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.engine.volume.Vnode;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A volume whose image and journal fail as two plans say and lose what was not made durable. It
 * lies in this package for the sake of what is open to nobody else.
 */
public final class FailingVolume implements AutoCloseable {
  /** A commit interval that never ends: the background does nothing unasked. */
  private static final VolumeOptions OPTIONS =
      VolumeOptions.defaults()
          .cacheSize(VolumeOptions.CACHE_BYTES_MIN)
          .commitInterval(VolumeOptions.COMMIT_INTERVAL_MAX)
          .reuseFreedFirst(true);

  /** A few records: some fill zeros, some run over them. */
  private static final int ZEROS_AHEAD_BYTES = 1_000;

  private final VolumeIdentity identity;
  private final RecordingDevice image;
  private final MemoryJournalStore journal;
  private final JournaledVolume volume;

  private FailingVolume(
      VolumeIdentity identity,
      MemoryDevice image,
      MemoryJournalStore journal,
      FailurePlan imagePlan,
      FailurePlan journalPlan)
      throws IOException {
    this.identity = identity;
    this.image = new RecordingDevice(image);
    this.journal = journal;
    try {
      this.volume =
          VolumeOpener.open(
              EngineRuntime.production(),
              new FailingDevice(this.image, imagePlan),
              new FailingJournalStore(journal, journalPlan),
              () -> {},
              OPTIONS,
              identity);
    } catch (IOException e) {
      throw Errors.translate("open", e); // as Volume.open does
    }
  }

  /** A new volume. */
  public static FailingVolume create(long sizeBytes, FailurePlan imagePlan, FailurePlan journalPlan)
      throws IOException {
    MemoryJournalStore journal = new MemoryJournalStore(ZEROS_AHEAD_BYTES);
    VolumeIdentity identity = new VolumeIdentity(UUID.randomUUID(), 1);
    SegmentLog.create(journal, identity);
    return new FailingVolume(
        identity, new MemoryDevice(sizeBytes), journal, imagePlan, journalPlan);
  }

  /** What is left of the two media when the power goes. */
  public record Remains(VolumeIdentity identity, MemoryDevice image, MemoryJournalStore journal) {
    /** Recovers; whether or not that succeeds, the remains can be opened again. */
    public FailingVolume open(FailurePlan imagePlan, FailurePlan journalPlan) throws IOException {
      return new FailingVolume(
          new VolumeIdentity(identity.id(), identity.epoch() + 1),
          image.copy(),
          journal.crash(), // a copy: all that is left is durable
          imagePlan,
          journalPlan);
    }
  }

  /**
   * What a power cut leaves now.
   *
   * @param all whether everything survives that was written, or only what was made durable
   */
  public Remains remains(boolean all) {
    return new Remains(
        identity,
        image.crashImage(all ? CrashChoice.keepAll() : CrashChoice.dropAll()),
        journal.crash());
  }

  public Volume volume() {
    return volume;
  }

  /**
   * What should not be at rest: contradictions, locks that somebody still holds, frames that are
   * neither free nor dirty once clean pages were let go.
   */
  public List<String> leaks() {
    LiveVolume live = volume.live();
    List<String> leaks = new ArrayList<>();
    for (Fsck.Finding finding : Fsck.check(live).findings()) {
      leaks.add(finding.kind() + " " + finding.ino() + " " + finding.text());
    }
    for (Vnode vnode : live.filesInUse()) {
      held(leaks, vnode.ioLock());
      if (vnode.mapping().lock() instanceof PhaseFairLock lock) {
        held(leaks, lock);
      }
    }
    live.cache().dropClean();
    int used = live.cache().frames() - live.cache().freeFrames();
    if (used != live.cache().dirtyTotal()) {
      leaks.add(used + " frames in use, " + live.cache().dirtyTotal() + " dirty pages");
    }
    return leaks;
  }

  /** The same while the I/O lock of a file is held. */
  public List<String> leaksWhileLocked() {
    Vnode vnode = volume.live().filesInUse().getFirst();
    vnode.ioLock().lockShared();
    try {
      return leaks();
    } finally {
      vnode.ioLock().unlockShared();
    }
  }

  private static void held(List<String> leaks, PhaseFairLock lock) {
    if (lock.heldExclusive() || lock.sharedHolders() != 0) {
      leaks.add("held: " + lock);
    }
  }

  @Override
  public void close() throws IOException {
    volume.close();
  }
}
