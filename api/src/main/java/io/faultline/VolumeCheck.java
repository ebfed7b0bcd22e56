package io.faultline;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.volume.Fsck;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.persistence.checkpoint.CheckpointFiles;
import io.faultline.persistence.checkpoint.Continuity;
import io.faultline.persistence.checkpoint.RecoveryPoint;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.replay.LastTouch;
import io.faultline.persistence.replay.ReadOnlyDirectory;
import io.faultline.persistence.segment.SegmentScanner;
import io.faultline.persistence.segment.VolumeIdentity;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Checks volumes that are not open. The journal is replayed without Akka, transaction by
 * transaction, so that one that does not fit is named and the state before it is checked
 * nevertheless. A second scan, for the transactions that findings name, is made only when there are
 * any: what is kept in memory beside the table does not grow with the journal.
 */
final class VolumeCheck {
  private VolumeCheck() {}

  /** How far a replay came, and what stopped it. */
  private record Replayed(InodeTable table, long lastLsn, FsckReport.@Nullable Finding stop) {}

  static FsckReport check(Path directory) throws IOException {
    boolean interrupted = Thread.interrupted();
    try (VolumeDirectory files = VolumeDirectory.open(directory, true)) {
      return check(files);
    } catch (FileSystemException e) {
      throw e; // as in VolumeOpener
    } catch (IOException e) {
      throw Errors.translate("fsck", e);
    } finally {
      VolumeOpener.interruptAgain(interrupted);
    }
  }

  static FsckReport repair(Path directory) throws IOException {
    try {
      VolumeDirectory files = VolumeDirectory.open(directory, false);
      FsckReport report;
      try {
        report = check(files);
        if (!report.isClean() || report.orphans().isEmpty()) {
          files.close();
          return report;
        }
      } catch (IOException | RuntimeException e) {
        files.close();
        throw e;
      }
      // Still under the same lock. Opening finishes orphans, closing makes that durable.
      VolumeIdentity last = files.superblock().identity();
      VolumeOpener.open(
              files, VolumeOptions.defaults(), new VolumeIdentity(last.id(), last.epoch() + 1))
          .close();
      return report;
    } catch (FileSystemException e) {
      throw e; // as in VolumeOpener
    } catch (IOException e) {
      throw Errors.translate("fsck", e);
    }
  }

  private static FsckReport check(VolumeDirectory files) throws IOException {
    Replayed replayed = replay(files);
    Fsck.Report found =
        replayed.lastLsn() == 0 && replayed.table().size() == 0
            ? new Fsck.Report(0, 0, List.of(), 0, List.of())
            : Fsck.check(
                replayed.table(), files.superblock().imageBytes() / LiveVolume.BLOCK_BYTES);
    FsckReport state = report(found, replayed.lastLsn());
    List<FsckReport.Finding> findings = new ArrayList<>();
    if (replayed.stop() != null) {
      findings.add(replayed.stop());
    }
    for (String problem : Continuity.check(files.directory()).problems()) {
      // What stopped the replay is told already.
      if (replayed.stop() == null || !replayed.stop().saw().equals(problem)) {
        findings.add(discontinuity(problem));
      }
    }
    findings.addAll(dated(files, replayed.lastLsn(), found.findings(), state.findings()));
    return new FsckReport(
        state.inodes(),
        state.blocks(),
        state.lastLsn(),
        findings,
        state.unlisted(),
        state.orphans());
  }

  private static Replayed replay(VolumeDirectory files) throws IOException {
    JournalStore journal =
        new ReadOnlyDirectory(VolumeDirectory.journalDirectory(files.directory()));
    VolumeIdentity identity = files.superblock().identity();
    RecoveryPoint start = RecoveryPoint.beginning();
    try {
      if (SegmentScanner.firstLsn(journal) > 1) {
        // Its beginning was dropped; a state to begin with is kept.
        start =
            RecoveryPoint.newest(journal, CheckpointFiles.readOnly(files.directory()), identity);
      }
    } catch (FsException e) {
      return new Replayed(start.table(), 0, damage(e, 1));
    }
    InodeTable table = start.table();
    long lastLsn = start.anchor().lsn();
    try (JournalReader reader =
        JournalReader.behind(journal, identity, start.anchor(), Long.MAX_VALUE)) {
      try {
        for (Tx tx = reader.next(); tx != null; tx = reader.next()) {
          FsckReport.Finding misfit = apply(table, tx);
          if (misfit != null) {
            return new Replayed(table, lastLsn, misfit);
          }
          lastLsn = tx.lsn();
        }
        return new Replayed(table, lastLsn, null);
      } catch (FsException e) {
        return new Replayed(table, lastLsn, damage(e, lastLsn + 1));
      }
    }
  }

  /** All of a transaction or nothing of it. */
  private static FsckReport.@Nullable Finding apply(InodeTable table, Tx tx) {
    try {
      table.install(table.prepare(tx.events()));
      return null;
    } catch (InodeApply.MismatchException | IllegalArgumentException e) {
      return new FsckReport.Finding(
          Fsck.Kind.EVENT.toString(),
          e instanceof InodeApply.MismatchException misfit ? misfit.ino() : ErrnoException.NONE,
          "",
          ErrnoException.NONE,
          ErrnoException.NONE,
          "transaction " + tx.lsn() + " does not fit: " + e.getMessage(),
          "one that fits the state before it",
          tx.lsn());
    }
  }

  private static FsckReport.Finding damage(FsException e, long lsn) {
    return journal(String.valueOf(e.getMessage()), "transaction " + lsn, lsn);
  }

  private static FsckReport.Finding discontinuity(String problem) {
    return journal(problem, "a history without a gap", ErrnoException.NONE);
  }

  private static FsckReport.Finding journal(String saw, String allowed, long lsn) {
    return new FsckReport.Finding(
        Fsck.Kind.JOURNAL.toString(),
        ErrnoException.NONE,
        "",
        ErrnoException.NONE,
        ErrnoException.NONE,
        saw,
        allowed,
        lsn);
  }

  /** The findings with the transactions that touched their inodes or blocks last. */
  private static List<FsckReport.Finding> dated(
      VolumeDirectory files,
      long lastLsn,
      List<Fsck.Finding> found,
      List<FsckReport.Finding> findings)
      throws IOException {
    if (findings.isEmpty()) {
      return findings;
    }
    long[] lsns;
    try (JournalReader reader = JournalReader.open(files.directory(), 1, lastLsn)) {
      lsns =
          LastTouch.scan(
              reader,
              lastLsn,
              found.stream().map(f -> new LastTouch.Subject(f.ino(), f.blocks())).toList());
    }
    List<FsckReport.Finding> dated = new ArrayList<>();
    for (int i = 0; i < lsns.length; i++) {
      FsckReport.Finding f = findings.get(i);
      long lsn = lsns[i] == LastTouch.NEVER ? ErrnoException.NONE : lsns[i];
      dated.add(
          new FsckReport.Finding(
              f.kind(), f.ino(), f.path(), f.offset(), f.length(), f.saw(), f.allowed(), lsn));
    }
    return dated;
  }

  /** The engine's report as users see it; no transactions are named yet. */
  static FsckReport report(Fsck.Report report, long lastLsn) {
    return new FsckReport(
        report.inodes(),
        report.blocks(),
        lastLsn,
        report.findings().stream()
            .map(
                f ->
                    new FsckReport.Finding(
                        f.kind().toString(),
                        figure(f.ino()),
                        f.path(),
                        figure(f.offset()),
                        figure(f.length()),
                        f.saw(),
                        f.allowed(),
                        ErrnoException.NONE))
            .toList(),
        report.unlisted(),
        report.orphans().stream().map(o -> new FsckReport.Orphan(o.ino(), o.blocks())).toList());
  }

  /** A check finds nothing below zero; there it means that no such figure is concerned. */
  private static long figure(long found) {
    return found < 0 ? ErrnoException.NONE : found;
  }
}
