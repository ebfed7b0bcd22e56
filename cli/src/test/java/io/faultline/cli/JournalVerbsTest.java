package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Goal: every word of {@code journal} says exactly this about a small history, of a sound journal,
 * a torn, a damaged and an impossible one, and leaves no trace. Method: seven transactions with
 * times of their own, the real command line, golden lines.
 */
class JournalVerbsTest {
  private static final long SECOND = 1_000_000_000L;

  /** Made, written, punched, shifted, renamed with its directory, unlinked while open, freed. */
  private static final List<List<Event>> HISTORY =
      List.of(
          List.of(new Event.Created(2, FileKind.DIRECTORY, 0755, 0, 0, 2, "", SECOND)),
          List.of(
              new Event.Created(11, FileKind.DIRECTORY, 0755, 0, 0, 2, "", 2 * SECOND),
              new Event.EntryAdded(2, "d", 11, true, 2 * SECOND),
              new Event.Created(12, FileKind.REGULAR, 0644, 0, 0, 0, "", 2 * SECOND),
              new Event.LinksChanged(12, 1, 2 * SECOND),
              new Event.EntryAdded(11, "a b", 12, false, 2 * SECOND),
              new Event.ExtentsMapped(12, written(0, 100, 3), 12_288, 2 * SECOND, 2 * SECOND)),
          List.of(
              new Event.RangePunched(12, 1, 2, written(1, 101, 1), 12_288, 3 * SECOND, 3 * SECOND)),
          List.of(new Event.RangeInserted(12, 0, 1, 16_384, 4 * SECOND, 4 * SECOND)),
          List.of(
              new Event.EntryAdded(2, "e", 11, true, 5 * SECOND),
              new Event.EntryRemoved(2, "d", 11, true, 5 * SECOND)),
          List.of(
              new Event.EntryRemoved(11, "a b", 12, false, 6 * SECOND),
              new Event.LinksChanged(12, 0, 6 * SECOND)),
          List.of(
              new Event.Freed(12, List.of(Extent.written(1, 100, 1), Extent.written(3, 102, 1)))));

  @TempDir Path host;
  private JournalOnDisk journal = new JournalOnDisk(Path.of("."));

  private static List<Extent> written(long block, long device, long length) {
    return List.of(Extent.written(block, device, length));
  }

  @BeforeEach
  void makeJournal() throws IOException {
    journal = JournalOnDisk.create(host.resolve("v"), HISTORY);
  }

  @Test
  void showTellsTheTransactionAndWhatItChanged() {
    assertThat(journal.lines("show", "3"))
        .containsExactly(
            "lsn=3 epoch=1 time=1970-01-01T00:00:03Z events=1"
                + " segment 0000000000000001.log offset 352",
            "3 0 RangePunched ino=12 from=1 to=2 removed=1+1@101:written size=12288"
                + " mtime=3000000000 ctime=3000000000 path=/d/a%20b",
            "~ /d/a%20b ino=12 mtime=1970-01-01T00:00:02Z->1970-01-01T00:00:03Z"
                + " ctime=1970-01-01T00:00:02Z->1970-01-01T00:00:03Z unmapped=1+1@101:written");
    assertThat(journal.lines("show", "7"))
        .element(1)
        .isEqualTo("7 0 Freed ino=12 removed=1+1@100:written,3+1@102:written path=ino:12");
  }

  @Test
  void diffTellsWhatAppearedWentAndChanged() {
    assertThat(journal.lines("diff", "2", "5"))
        .containsExactly(
            "~ / ino=2 mtime=1970-01-01T00:00:02Z->1970-01-01T00:00:05Z"
                + " ctime=1970-01-01T00:00:02Z->1970-01-01T00:00:05Z",
            "~ /e ino=11 -name=/d +name=/e",
            "~ /e/a%20b ino=12 -name=/d/a%20b +name=/e/a%20b size=12288->16384"
                + " mtime=1970-01-01T00:00:02Z->1970-01-01T00:00:04Z"
                + " ctime=1970-01-01T00:00:02Z->1970-01-01T00:00:04Z"
                + " unmapped=0+3@100:written mapped=1+1@100:written,3+1@102:written");
    assertThat(journal.lines("diff", "5", "6"))
        .containsExactly(
            "~ /e ino=11 entries=1->0 mtime=1970-01-01T00:00:02Z->1970-01-01T00:00:06Z"
                + " ctime=1970-01-01T00:00:02Z->1970-01-01T00:00:06Z",
            "~ /e/a%20b ino=12 -name=/e/a%20b nlink=1->0"
                + " ctime=1970-01-01T00:00:04Z->1970-01-01T00:00:06Z");
    assertThat(journal.lines("diff", "end", "6"))
        .containsExactly(
            "+ ino:12 ino=12 kind=regular mode=644 nlink=0 size=16384"
                + " mapped=1+1@100:written,3+1@102:written");
    assertThat(journal.lines("diff", "4", "4")).isEmpty();
  }

  @Test
  void atAnswersAsTheVerbsOfThePresentDo() {
    assertThat(journal.lines("at", "4", "ls", "-l", "/d"))
        .containsExactly("-rw-r--r-- 1 0 0 16384 1970-01-01T00:00:04Z a b");
    assertThat(journal.lines("at", "5", "stat", "/e/a b"))
        .containsExactly(
            "/e/a%20b kind=regular size=16384 blocks=2 mode=100644 nlink=1 ino=12 uid=0 gid=0"
                + " atime=1970-01-01T00:00:02Z mtime=1970-01-01T00:00:04Z"
                + " ctime=1970-01-01T00:00:04Z btime=1970-01-01T00:00:02Z");
    assertThat(journal.lines("at", "4", "extents", "ino:12"))
        .containsExactly("4096:4096:data device=100", "12288:4096:data device=102");
    assertThat(journal.lines("at", "6", "ls", "--all")).containsExactly("/", "/e", "ino:12");
    assertThat(journal.lines("at", "6", "fsck")).containsExactly("clean inodes=3 blocks=2 lsn=6");
    assertThat(journal.run("at", "4", "stat", "/e/a b").err())
        .isEqualTo("faultline journal: ENOENT lookup: /e/a b: there is no 'e'\n");
  }

  @Test
  void blameFollowsTheByteBackThroughShiftsAndNames() {
    assertThat(journal.lines("blame", "/e/a b", "8192", "--at", "5"))
        .containsExactly(
            "/e/a%20b ino=12 offset=8192 lsn=5: a hole",
            "5 - 1970-01-01T00:00:05Z EntryAdded block=2 path=/e/a%20b:"
                + " a directory above it was renamed",
            "4 0 1970-01-01T00:00:04Z RangeInserted block=2 path=/d/a%20b:"
                + " it moved up from block 1 to 2",
            "3 0 1970-01-01T00:00:03Z RangePunched block=1 path=/d/a%20b:"
                + " it was punched out, from device block 101",
            "2 5 1970-01-01T00:00:02Z ExtentsMapped block=1 path=/d/a%20b:"
                + " it was mapped to device block 101",
            "2 4 1970-01-01T00:00:02Z EntryAdded block=1 path=/d/a%20b: it was named /d/a b",
            "2 2 1970-01-01T00:00:02Z Created block=1 path=/d/a%20b: the file was created");
    assertThat(journal.lines("blame", "ino:12", "0"))
        .containsExactly(
            "ino:12 ino=12 offset=0 lsn=7: the file is gone",
            "7 0 - Freed block=0 path=ino:12: the inode was freed",
            "6 0 1970-01-01T00:00:06Z EntryRemoved block=0 path=ino:12: it lost the name /e/a b",
            "5 - 1970-01-01T00:00:05Z EntryAdded block=0 path=/e/a%20b:"
                + " a directory above it was renamed",
            "4 0 1970-01-01T00:00:04Z RangeInserted block=0 path=/d/a%20b:"
                + " it was inserted as a hole",
            "2 4 1970-01-01T00:00:02Z EntryAdded block=- path=/d/a%20b: it was named /d/a b",
            "2 2 1970-01-01T00:00:02Z Created block=- path=/d/a%20b: the file was created");
    assertThat(journal.lines("blame", "ino:12", "4096", "--at", "6"))
        .first()
        .isEqualTo("ino:12 ino=12 offset=4096 lsn=6: written in device block 100");
    assertThat(journal.run("blame", "/e", "0").err()).contains("EISDIR").contains("no blocks");
    assertThat(journal.run("blame", "ino:77", "0").err()).contains("there was no inode 77");
  }

  @Test
  void bisectFindsTheFirstFailureAndSaysHowItLooked() {
    assertThat(journal.lines("bisect"))
        .containsExactly("held up to lsn=7 (binary search, 2 states)");
    VerbRun.Outcome found =
        journal.run("bisect", "!exists(ino:12) || mapped(/d/a%20b, 4096)", "--from", "2");
    assertThat(found.exitCode()).isEqualTo(ExitCode.VIOLATION);
    assertThat(found.out().lines())
        .containsExactly(
            "VIOLATION kind=condition ino=- offset=- saw=false"
                + " allowed=!exists(ino:12)%20||%20mapped(/d/a%2520b,%204096) lsn=3",
            "it held at lsn=2 (linear search, 2 states)",
            "3 0 RangePunched ino=12 from=1 to=2 removed=1+1@101:written size=12288"
                + " mtime=3000000000 ctime=3000000000 path=/d/a%20b");
    assertThat(journal.run("bisect", "exists(/d)").out().lines().toList())
        .element(1)
        .isEqualTo("it fails from the start, lsn=1 (linear search, 1 states)");
  }

  @Test
  void logFiltersByWhatThePathLedToThen() {
    assertThat(firstWords(journal.lines("log", "--path", "/d/a b")))
        .containsExactly("2 1", "2 2", "2 3", "2 4", "2 5", "3 0", "4 0", "5 1");
    assertThat(firstWords(journal.lines("log", "--path", "/e/a b")))
        .containsExactly("5 0", "6 0", "6 1");
    assertThat(firstWords(journal.lines("log", "--path", "/e"))).containsExactly("5 0", "6 0");
    assertThat(firstWords(journal.lines("log", "--kind", "rangepunched,Freed")))
        .containsExactly("3 0", "7 0");
    assertThat(
            firstWords(
                journal.lines(
                    "log", "--since", "1970-01-01T00:00:03Z", "--until", "1970-01-01T00:00:05Z")))
        .containsExactly("3 0", "4 0");
    assertThat(firstWords(journal.lines("log", "--ino", "11", "--from", "3", "--to", "6")))
        .containsExactly("6 0");
  }

  private static List<String> firstWords(List<String> lines) {
    return lines.stream()
        .map(line -> line.substring(0, line.indexOf(' ', line.indexOf(' ') + 1)))
        .collect(Collectors.toList());
  }

  @Test
  void jsonIsOneObjectALine() {
    assertThat(journal.lines("log", "--json", "--kind", "rangepunched"))
        .containsExactly(
            "{\"lsn\":3,\"index\":0,\"epoch\":1,\"at\":\"1970-01-01T00:00:03Z\","
                + "\"event\":\"RangePunched\",\"ino\":12,\"path\":\"/d/a b\",\"from\":1,\"to\":2,"
                + "\"removed\":[{\"block\":1,\"length\":1,\"device\":101,\"state\":\"written\"}],"
                + "\"size\":12288,\"mtime\":\"1970-01-01T00:00:03Z\","
                + "\"ctime\":\"1970-01-01T00:00:03Z\"}");
    assertThat(journal.lines("at", "4", "extents", "/d/a b", "--json"))
        .first()
        .isEqualTo("{\"offset\":4096,\"length\":4096,\"state\":\"data\",\"device\":100}");
    for (String[] words :
        List.of(
            new String[] {"show", "3"},
            new String[] {"diff", "1", "6"},
            new String[] {"at", "4", "ls"},
            new String[] {"at", "4", "stat", "/d"},
            new String[] {"at", "4", "fsck"},
            new String[] {"blame", "ino:12", "0"},
            new String[] {"bisect"})) {
      String[] json = Stream.concat(Stream.of(words), Stream.of("--json")).toArray(String[]::new);
      assertThat(journal.lines(json))
          .isNotEmpty()
          .allMatch(line -> line.startsWith("{\"") && line.endsWith("}"));
    }
  }

  @Test
  void stepWalksByLinesWithoutATerminal() {
    VerbRun.Outcome outcome =
        journal.run(
            "f 3\nn /d/a b\np\nw size(ino:12) == 16384\nc\nls /\nbogus\nb 9\nq\nf\n"
                .getBytes(StandardCharsets.UTF_8),
            "step");
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(outcome.out().lines())
        .containsExactly(
            "lsn=0 before the first transaction",
            "lsn=3 epoch=1 time=1970-01-01T00:00:03Z events=1",
            "3 0 RangePunched ino=12 from=1 to=2 removed=1+1@101:written size=12288"
                + " mtime=3000000000 ctime=3000000000 path=/d/a%20b",
            "lsn=4 epoch=1 time=1970-01-01T00:00:04Z events=1",
            "4 0 RangeInserted ino=12 at=0 length=1 size=16384 mtime=4000000000"
                + " ctime=4000000000 path=/d/a%20b",
            "lsn=3 epoch=1 time=1970-01-01T00:00:03Z events=1",
            "3 0 RangePunched ino=12 from=1 to=2 removed=1+1@101:written size=12288"
                + " mtime=3000000000 ctime=3000000000 path=/d/a%20b",
            "watch size(ino:12) == 16384: DOES NOT HOLD",
            "lsn=4 epoch=1 time=1970-01-01T00:00:04Z events=1",
            "4 0 RangeInserted ino=12 at=0 length=1 size=16384 mtime=4000000000"
                + " ctime=4000000000 path=/d/a%20b",
            "watch size(ino:12) == 16384: holds",
            "d",
            "error: 'bogus' is no command; help lists them",
            "history begins here",
            "lsn=0 before the first transaction",
            "watch size(ino:12) == 16384: DOES NOT HOLD");
    byte[] wrong = "g 99\n".getBytes(StandardCharsets.UTF_8);
    assertThat(journal.run(wrong, "step").exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(journal.run(wrong, "step", "--screen").out()).contains("\u001b[2J").contains("q > ");
  }

  @Test
  void theTimelineHoldsEveryEventAndNoMarkupOfNames() throws IOException {
    journal.append(8, List.of(List.of(new Event.EntryAdded(2, "<b>\t\n&", 11, true, 8 * SECOND))));
    Path page = host.resolve("page.html");
    assertThat(journal.lines("timeline", "--html", page.toString()))
        .containsExactly("events=15 inodes=3 lsn=8");
    String html = Files.readString(page);
    assertThat(html).doesNotContain("@DATA@").doesNotContain("@TITLE@").doesNotContain("<b>");
    assertThat(html).doesNotContainPattern("(src|href)=|https?://|@import|url\\(");
    String data = html.substring(html.indexOf("id=\"data\">") + 10, html.indexOf("</script>"));
    String lines;
    try (GZIPInputStream in =
        new GZIPInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(data.strip())))) {
      lines = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(lines.lines().filter(line -> line.startsWith("E\t"))).hasSize(15);
    assertThat(lines.lines())
        .contains(
            "E\t3\t2\t8\t3000000\tfrom=1 to=2 removed=1+1@101:written size=12288",
            "L\tino:12\tinodes\t/e/a b",
            "N\t2\t2\t/d/a b",
            "N\t2\t6\t/e/a b");
    assertThat(journal.run("timeline", "--html", journal.directory + "/page.html").exitCode())
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void theKindsOfTheTimelineAreAllKindsAndLookDifferent() throws IOException {
    Path page = host.resolve("page.html");
    journal.lines("timeline", "--html", page.toString());
    String html = Files.readString(page);
    String data = html.substring(html.indexOf("id=\"data\">") + 10, html.indexOf("</script>"));
    List<String[]> kinds;
    try (GZIPInputStream in =
        new GZIPInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(data.strip())))) {
      kinds =
          new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> line.startsWith("K\t"))
              .map(line -> line.split("\t"))
              .toList();
    }
    assertThat(kinds.stream().map(k -> k[1]).collect(Collectors.toSet()))
        .isEqualTo(
            Stream.of(Event.class.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .collect(Collectors.toSet()));
    Set<String> shapes = new TreeSet<>();
    for (String[] kind : kinds) {
      assertThat(shapes.add(kind[3])).as("shape %s once", kind[3]).isTrue();
      assertThat(html).contains("  " + kind[3] + ": c =>");
    }
  }

  @Test
  void aTornTailIsToldBehindEverythingBeforeIt() throws IOException {
    Files.write(journal.lastSegment(), new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
    VerbRun.Outcome all = journal.run("log");
    assertThat(all.exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(all.out().lines()).hasSize(14);
    assertThat(all.err())
        .startsWith("faultline journal: segment 0000000000000001.log offset ")
        .endsWith(
            ": a record that is not complete, behind transaction 7; never acknowledged, the next"
                + " open cuts it off\n");
    assertThat(journal.run("log", "--to", "9").exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(journal.lines("log", "--to", "7")).hasSize(14);
    VerbRun.Outcome beyond = journal.run("at", "8", "fsck");
    assertThat(beyond.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(beyond.err())
        .contains("there is no transaction 8: the last one is 7; segment ")
        .hasLineCount(1);
    assertThat(journal.lines("at", "7", "fsck")).hasSize(1);
    assertThat(journal.run("show", "99").err()).contains("there is no transaction 99: the last");
    VerbRun.Outcome end = journal.run("at", "end", "fsck");
    assertThat(end.exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(end.err()).contains("a record that is not complete").hasLineCount(1);
  }

  @Test
  void aPageNeverReplacesWhatIsNoFile() throws IOException {
    Path directory = Files.createDirectory(host.resolve("empty"));
    VerbRun.Outcome onDirectory = journal.run("timeline", "--html", directory.toString());
    assertThat(onDirectory.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(onDirectory.err()).contains(directory + ": is a directory");
    assertThat(directory).isDirectory();
    Path page = Files.writeString(host.resolve("page.html"), "older");
    Path link = Files.createSymbolicLink(host.resolve("link"), page);
    journal.lines("timeline", "--html", link.toString());
    assertThat(link).isSymbolicLink();
    assertThat(page).content().startsWith("<!");
    Path device = Files.createSymbolicLink(host.resolve("device"), Path.of("/dev/null"));
    journal.lines("timeline", "--html", device.toString());
    assertThat(device).isSymbolicLink();
    Path inside =
        Files.createSymbolicLink(host.resolve("inside"), journal.directory.resolve("superblock"));
    assertThat(journal.run("timeline", "--html", inside.toString()).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void stepHasNoJson() {
    assertThat(journal.run("step", "--json").exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void aLiveWriterIsNamedWhereTheTailIsNotComplete() throws IOException {
    try (VolumeDirectory held = VolumeDirectory.open(journal.directory, false)) {
      assertThat(held.readOnly()).isFalse();
      Files.write(journal.lastSegment(), new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
      assertThat(journal.run("log").err())
          .contains("process " + ProcessHandle.current().pid() + " has the volume open");
      assertThat(journal.run("at", "8", "ls").err()).contains("may be appending");
      // Looking at the lock did not drop it.
      assertThat(journal.run("log").err()).contains("has the volume open");
    }
    assertThat(journal.run("log").err()).contains("never acknowledged");
  }

  @Test
  void damageIsToldBehindEverythingBeforeIt() throws IOException {
    byte[] bytes = Files.readAllBytes(journal.lastSegment());
    // Inside the record of transaction 3, whose offset the golden lines above know.
    bytes[352 + 70] ^= 1;
    Files.write(journal.lastSegment(), bytes);
    VerbRun.Outcome all = journal.run("log");
    assertThat(all.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(all.out().lines()).hasSize(7);
    assertThat(all.err()).contains("offset 352 transaction 3").hasLineCount(1);
    assertThat(journal.lines("log", "--to", "2")).hasSize(7);
    assertThat(journal.lines("at", "2", "fsck")).hasSize(1);
    assertThat(journal.run("at", "3", "fsck").exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(journal.run("show", "3").exitCode()).isEqualTo(ExitCode.FAILED);
    VerbRun.Outcome blame = journal.run("blame", "/d/a b", "0");
    assertThat(blame.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(blame.out()).startsWith("/d/a%20b ino=12 offset=0 lsn=2: written in device block");
    assertThat(blame.err()).contains("behind transaction 2: ").contains("transaction 3");
    for (String[] words :
        List.of(
            new String[] {"at", "end", "ls"},
            new String[] {"diff", "1", "end"},
            new String[] {"show", "end"})) {
      VerbRun.Outcome toEnd = journal.run(words);
      assertThat(toEnd.exitCode()).as(words[0]).isEqualTo(ExitCode.FAILED);
      assertThat(toEnd.out()).as(words[0]).isNotEmpty();
      assertThat(toEnd.err())
          .as(words[0])
          .startsWith("faultline journal: behind transaction 2: ")
          .hasLineCount(1);
    }
    VerbRun.Outcome bisect = journal.run("bisect");
    assertThat(bisect.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(bisect.out()).startsWith("held up to lsn=2 ");
    VerbRun.Outcome page = journal.run("timeline", "--html", host.resolve("p.html").toString());
    assertThat(page.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(page.out()).isEqualTo("events=7 inodes=3 lsn=2\n");
  }

  @Test
  void anImpossibleTransactionIsShownAndFoundByBisect() throws IOException {
    journal.append(8, List.of(List.of(new Event.Truncated(12, 0, List.of(), 1, 1))));
    VerbRun.Outcome show = journal.run("show", "8");
    assertThat(show.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(show.out()).contains("8 0 Truncated ino=12 size=0");
    assertThat(show.err()).contains("LSN 8 does not fit").contains("does not exist");
    VerbRun.Outcome bisect = journal.run("bisect");
    assertThat(bisect.exitCode()).isEqualTo(ExitCode.VIOLATION);
    assertThat(bisect.out()).startsWith("VIOLATION kind=event ").contains(" lsn=8\n");
    assertThat(journal.run("log").exitCode()).isEqualTo(ExitCode.HELD);
  }

  @ParameterizedTest
  @CsvSource({
    "at x ls, not an LSN",
    "at -1 ls, not an LSN",
    "at 3 stat, needs a FILE",
    "at 3 fsck /d, not at a FILE",
    "at 3 extents -l /d, go with ls",
    "at 3 owner, ls|stat|extents|fsck",
    "log --kind Created2, no kind of event",
    "log --path d, not an absolute path",
    "log --since yesterday, not a time",
    "show 0, the first transaction is 1",
    "bisect size(/a), 'column 9: expected one of == !='",
    "bisect --linear --binary, not both",
    "blame /d -5, is negative",
    "timeline, Missing required option"
  })
  void wrongUsageIsTwoAndOneLine(String words, String says) {
    VerbRun.Outcome outcome = journal.run(words.split(" "));
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(outcome.err()).contains(says).hasLineCount(1);
  }

  @Test
  void nothingIsWrittenEvenWhereNothingCanBe() throws IOException {
    List<String> before = files();
    setWritable(false);
    try {
      for (String[] words :
          List.of(
              new String[] {"log"},
              new String[] {"log", "--json", "--path", "/e"},
              new String[] {"show", "3"},
              new String[] {"at", "4", "ls", "-a"},
              new String[] {"at", "4", "fsck"},
              new String[] {"diff", "0", "end"},
              new String[] {"blame", "ino:12", "0"},
              new String[] {"bisect"},
              new String[] {"step"},
              new String[] {"timeline", "--html", host.resolve("t.html").toString()})) {
        journal.lines(words);
        assertThat(files()).as("after %s", String.join(" ", words)).isEqualTo(before);
      }
    } finally {
      setWritable(true);
    }
  }

  private void setWritable(boolean writable) throws IOException {
    try (Stream<Path> all = Files.walk(journal.directory)) {
      for (Path path : all.toList()) {
        String bits = Files.isDirectory(path) ? "r-xr-xr-x" : "r--r--r--";
        Files.setPosixFilePermissions(
            path, PosixFilePermissions.fromString(writable ? bits.replaceFirst("r-", "rw") : bits));
      }
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(journal.directory)) {
      return all.sorted().map(JournalVerbsTest::describe).toList();
    }
  }

  private static String describe(Path file) {
    try {
      String content =
          Files.isDirectory(file) ? "" : " " + Arrays.hashCode(Files.readAllBytes(file));
      return file + " " + Files.getLastModifiedTime(file) + content;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
