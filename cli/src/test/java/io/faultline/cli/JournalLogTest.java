package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.persistence.codec.TxCodec;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: the journal of any volume can be read, and reading leaves no trace. Method: a journal of
 * two transactions written by the segment log, read by the command while the volume is open.
 */
class JournalLogTest {
  private static final List<Event> FIRST =
      List.of(
          new Event.Created(2, FileKind.REGULAR, 0644, 10, 20, 0, "", 5),
          new Event.EntryAdded(1, "a b", 2, false, 5),
          new Event.LinksChanged(2, 1, 5));
  private static final List<Event> SECOND =
      List.of(
          new Event.ExtentsMapped(2, List.of(Extent.written(0, 7, 3)), 10_000, 6, 6),
          new Event.RangePunched(2, 1, 2, List.of(Extent.written(1, 8, 1)), 10_000, 7, 7),
          new Event.Truncated(2, 0, List.of(), 8, 8));

  @TempDir Path host;
  private Path directory = Path.of(".");
  private final VerbRun verbs = new VerbRun();

  @BeforeEach
  void writeJournal() throws IOException {
    directory = host.resolve("v");
    try (VolumeDirectory volume = VolumeDirectory.create(directory, "ext4", 1 << 20);
        SegmentLog log =
            SegmentLog.open(
                EngineRuntime.production(),
                volume.journalStore(),
                volume.superblock().identity())) {
      append(log, new Tx(1, 1, FIRST));
      append(log, new Tx(2, 1, SECOND));
    }
  }

  private static void append(SegmentLog log, Tx tx) {
    log.append(tx.lsn(), TxCodec.SERIALIZER_ID, TxCodec.MANIFEST, TxCodec.encode(tx)).join();
  }

  private List<String> log(String... options) {
    String[] args =
        Stream.concat(Stream.of("journal", directory.toString(), "log"), Stream.of(options))
            .toArray(String[]::new);
    VerbRun.Outcome outcome = verbs.run(args);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.HELD);
    return outcome.out().lines().toList();
  }

  @Test
  void eachEventIsALineThatBeginsWithItsTransaction() {
    assertThat(log())
        .containsExactly(
            "1 0 Created ino=2 kind=regular mode=644 uid=10 gid=20 time=5",
            "1 1 EntryAdded ino=1 name=a%20b child=2 directory=false time=5",
            "1 2 LinksChanged ino=2 nlink=1 ctime=5",
            "2 0 ExtentsMapped ino=2 written=0+3@7:written size=10000 mtime=6 ctime=6",
            "2 1 RangePunched ino=2 from=1 to=2 removed=1+1@8:written size=10000 mtime=7 ctime=7",
            "2 2 Truncated ino=2 size=0 removed=- mtime=8 ctime=8");
  }

  @Test
  void theOptionsNarrowIt() {
    assertThat(log("--from", "2")).hasSize(3).allMatch(line -> line.startsWith("2 "));
    assertThat(log("--to", "1")).hasSize(3).allMatch(line -> line.startsWith("1 "));
    assertThat(log("--ino", "1")).singleElement().asString().startsWith("1 1 EntryAdded ");
  }

  @Test
  void itReadsWhatSomebodyHasOpenAndWritesNothing() throws IOException {
    try (VolumeDirectory held = VolumeDirectory.open(directory, false)) {
      assertThat(held.readOnly()).isFalse();
      List<String> before = files();
      assertThat(log()).hasSize(6);
      assertThat(files()).isEqualTo(before);
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile).sorted().map(JournalLogTest::describe).toList();
    }
  }

  private static String describe(Path file) {
    try {
      return file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file);
    } catch (IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    }
  }
}
