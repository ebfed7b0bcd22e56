package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.device.DirectoryJournalStore;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.namespace.Namespace;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.checkpoint.CheckpointFiles;
import io.faultline.persistence.checkpoint.Checkpointer;
import io.faultline.persistence.checkpoint.Keep;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.SegmentFiles;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Goal: a verb of {@code journal} that meets a segment dropped since it listed the journal begins
 * anew, and answers; what it has begun to say it does not say twice. Method: a verb that walks
 * through the journal and drops, between two steps, what retention would.
 */
@Timeout(60)
class JournalDroppedTest {
  private static final int TRANSACTIONS = 40;
  private static final long CHECKPOINT = 30;
  private static final long SEGMENT_BYTES = 1 << 10;

  @TempDir private Path directory;

  private Path volume = Path.of("");

  @BeforeEach
  void makeVolume() throws Exception {
    volume = directory.resolve("v");
    try (VolumeDirectory files = VolumeDirectory.create(volume, "ext4", 1 << 20);
        SegmentLog log =
            SegmentLog.open(
                EngineRuntime.production(),
                files.journalStore(),
                files.superblock().identity(),
                JournalAnchor.BEGINNING,
                SEGMENT_BYTES)) {
      for (long lsn = 1; lsn <= TRANSACTIONS; lsn++) {
        Tx tx = new Tx(lsn, files.superblock().epoch(), events(lsn));
        log.append(lsn, TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx)).get();
        if (lsn == CHECKPOINT) {
          checkpoint(files, tx);
        }
      }
    }
  }

  private static List<Event> events(long lsn) {
    if (lsn == 1) {
      return Namespace.rootEvents(1);
    }
    long ino = 10 + lsn;
    return List.of(
        new Event.Created(ino, FileKind.REGULAR, 0644, 0, 0, 0, "", lsn),
        new Event.EntryAdded(InodeTable.ROOT, "f" + lsn, ino, false, lsn),
        new Event.LinksChanged(ino, 1, lsn));
  }

  private void checkpoint(VolumeDirectory files, Tx newest) {
    CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
    TransactionLog nothing = tx -> done;
    try (Checkpointer checkpointer =
        new Checkpointer(
            EngineRuntime.production(),
            files.journalStore(),
            new CheckpointFiles(
                new DirectoryJournalStore(VolumeDirectory.checkpointDirectory(volume))),
            files.superblock().identity(),
            new Checkpointer.Options(1000, Long.MAX_VALUE, new Keep.All()),
            0,
            1000,
            0)) {
      checkpointer.counting(nothing).persist(newest);
    }
  }

  /** As retention: segments from the oldest on, as long as the checkpoint takes their place. */
  private void drop() {
    DirectoryJournalStore journal =
        new DirectoryJournalStore(VolumeDirectory.journalDirectory(volume));
    try {
      List<SegmentFiles.Segment> segments = SegmentFiles.of(journal);
      for (int i = 0; segments.get(i + 1).firstLsn() <= CHECKPOINT; i++) {
        journal.delete(segments.get(i).name());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Walks from the oldest state to the end; drops behind the first step, once. */
  @Command(name = "walk")
  private final class Walk extends JournalVerb {
    private final boolean speaksFirst;
    private final List<Long> began = new ArrayList<>();

    Walk(boolean speaksFirst) {
      this.speaksFirst = speaksFirst;
    }

    @Override
    int run(VolumeHistory history) throws IOException {
      history.replay().goTo(history.beginning());
      began.add(history.replay().lsn());
      if (speaksFirst) {
        out().println("from " + history.replay().lsn());
      }
      history
          .replay()
          .next(
              tx -> {
                if (began.size() == 1 && tx.lsn() == 1) {
                  drop();
                }
                return tx.lsn() == TRANSACTIONS;
              });
      out().println(history.replay().lsn() + " " + history.replay().state().size());
      return ExitCode.HELD;
    }
  }

  private record Outcome(int exitCode, String out, String failure) {}

  private Outcome run(Walk walk) {
    StringWriter out = new StringWriter();
    StringBuilder failure = new StringBuilder();
    CommandLine line = new CommandLine(new Journal(Host.real()));
    line.addSubcommand(walk).setOut(new PrintWriter(out, true));
    line.setExecutionExceptionHandler(
        (e, command, parsed) -> {
          failure.append(Failures.oneLine(e));
          return ExitCode.FAILED;
        });
    int exitCode = line.execute(volume.toString(), "walk");
    return new Outcome(exitCode, out.toString(), failure.toString());
  }

  @Test
  void whatWasDroppedMeanwhileIsGoneAroundByBeginningAnew() {
    Walk walk = new Walk(false);
    assertThat(run(walk)).isEqualTo(new Outcome(ExitCode.HELD, "40 40\n", ""));
    assertThat(walk.began).containsExactly(0L, CHECKPOINT);
  }

  @Test
  void anAnswerThatHasBegunEndsInTheLineThatSaysWhy() {
    Walk walk = new Walk(true);
    Outcome outcome = run(walk);
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.out()).isEqualTo("from 0\n");
    assertThat(outcome.failure()).contains("was dropped while the journal was being read");
    assertThat(walk.began).containsExactly(0L);
  }

  @Test
  void theVerbsThemselvesAnswerOfWhatIsLeft() {
    JournalOnDisk journal = new JournalOnDisk(volume);
    List<String> whole = journal.lines("log");
    drop();
    assertThat(journal.lines("log")).isNotEmpty().isSubsetOf(whole);
    assertThat(journal.lines("at", "30", "ls")).hasSize(29);
    assertThat(journal.run("show", "2").err()).contains("LSN 1 is gone");
  }
}
