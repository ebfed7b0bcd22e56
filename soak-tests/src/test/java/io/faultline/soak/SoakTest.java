package io.faultline.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.soak.FakeVolumes.Fault;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A soak finds what is wrong with a volume and nothing else. Goal: each check of the soak is shown
 * to see what it is there for. Method: volumes in memory, one right, the others with one fault.
 */
class SoakTest {
  private static final SoakShape SMALL = new SoakShape(8, 1L << 20, 1L << 20);
  private static final Pattern VIOLATION =
      Pattern.compile(
          "(?m)^VIOLATION kind=(\\S+) ino=\\S+ offset=\\S+ saw=\\S+ allowed=\\S+ lsn=\\S+$");

  @TempDir private Path directory;

  private final StringWriter text = new StringWriter();

  private SoakOptions options(Duration time) {
    return SoakOptions.defaults(42)
        .load(time, 3, 1)
        .on(directory.resolve("volume"), "ext4", "mapping-lock")
        .sized(SMALL, Duration.ofSeconds(60));
  }

  private int soak(Fault fault, SoakOptions options) throws IOException {
    return new Soak(options, new FakeVolumes(fault), new PrintWriter(text, true)).run();
  }

  private String kind() {
    Matcher line = VIOLATION.matcher(text.toString());
    return line.find() ? line.group(1) : "none in " + text;
  }

  private Path tree() throws IOException {
    Path tree = directory.resolve("tree");
    Files.createDirectories(tree.resolve("inner"));
    byte[] holey = new byte[100_000];
    holey[99_999] = 1;
    Path file = Files.write(tree.resolve("holey"), holey);
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_234_567_891L));
    Files.createLink(tree.resolve("inner/second"), file);
    Files.createSymbolicLink(tree.resolve("inner/link"), Path.of("../holey"));
    return tree;
  }

  @Test
  void aRightVolumeHolds() throws IOException {
    Path json = directory.resolve("figures.json");
    SoakOptions options = options(Duration.ofSeconds(1)).host(tree(), json);
    assertThat(soak(Fault.NONE, options)).as("%s", text).isEqualTo(Soak.HELD);
    assertThat(text.toString()).contains("seed 42", "everything held").doesNotContain("VIOLATION");
    String figures = Files.readString(json);
    for (OpKind kind : OpKind.values()) {
      if (kind != OpKind.DROP_CACHES) {
        assertThat(figures).containsPattern("\"" + kind.key() + "\": [1-9][0-9]*");
      }
    }
    assertThat(figures)
        .startsWith("{")
        .contains("\"result\": \"held\"", "\"seed\": 42", "\"evictions\": 1,")
        .contains("\"fillsMetDestroyer\": 2,", "\"transactions\": 1,", "\"violation\": \"\"")
        .containsPattern("\"mappingChanges\": [1-9][0-9]*")
        .containsPattern("\"bytesVerified\": [1-9][0-9]*");
  }

  @Test
  void withoutChangersOnlyStalePagesStayUnseen() throws IOException {
    SoakOptions quiet = options(Duration.ofSeconds(1)).load(Duration.ofSeconds(1), 3, 0);
    assertThat(soak(Fault.STALE_PAGES, quiet)).as("%s", text).isEqualTo(Soak.HELD);
  }

  @ParameterizedTest
  @CsvSource({
    "LOSES_PUNCHES, stale-read",
    "STALE_PAGES, stale-read",
    "PAST_END, past-eof",
    "FAILS, error",
    "UNCLEAN, fsck",
    "FORGETS_ON_OPEN, recovery-differs",
    "WRONG_JOURNAL, replay-differs",
    "LOSES_RENAMES, model-differs",
    "LOSES_TIMES, import-differs",
  })
  void aFaultIsFoundAndKept(Fault fault, String kind) throws IOException {
    SoakOptions options = options(Duration.ofSeconds(2)).host(tree(), null);
    assertThat(soak(fault, options)).as("%s", text).isEqualTo(Soak.VIOLATION);
    assertThat(kind()).isEqualTo(kind);
    Path notes = directory.resolve("volume/soak");
    assertThat(text.toString())
        .contains("./faultline journal " + directory.resolve("volume") + " log")
        .contains("--seed 42");
    assertThat(notes.resolve("violation.txt")).content().contains("kind=" + kind, "seed 42");
    assertThat(Files.size(notes.resolve("trace.bin"))).isPositive();
    assertThat(Files.size(notes.resolve("trace.bin")) % TraceRing.RECORD_BYTES).isZero();
    assertThat(notes.resolve("trace.txt")).content().startsWith("number ");
  }

  @Test
  void aHangingOperationIsCalledStuck() throws IOException {
    SoakOptions options = options(Duration.ofSeconds(60)).sized(SMALL, Duration.ofMillis(500));
    assertThat(soak(Fault.HANGS, options)).isEqualTo(Soak.VIOLATION);
    assertThat(kind()).isEqualTo("stuck");
    assertThat(directory.resolve("volume/soak/threads.txt")).content().contains("hang(");
  }

  @Test
  void aTemporaryVolumeIsRemoved() throws IOException {
    SoakOptions options =
        options(Duration.ofMillis(300)).on(null, "ext4", "mapping-lock").host(null, null);
    assertThat(soak(Fault.NONE, options)).isEqualTo(Soak.HELD);
    Matcher line = Pattern.compile("volume (\\S+)").matcher(text.toString());
    assertThat(line.find()).isTrue();
    assertThat(Path.of(line.group(1))).doesNotExist();
  }

  @Test
  void aDirectoryThatNoSoakMadeIsRefused() throws IOException {
    Path foreign = Files.createDirectories(directory.resolve("volume"));
    Files.writeString(foreign.resolve("superblock"), "worth something");
    assertThatThrownBy(() -> soak(Fault.NONE, options(Duration.ofSeconds(1))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("was not made by a soak");
    assertThat(foreign).isDirectoryContaining("glob:**superblock");
    assertThat(foreign.resolve("soak")).doesNotExist();
  }

  @Test
  void aVolumeOfAnEarlierSoakServesAgain() throws IOException {
    FakeVolumes volumes = new FakeVolumes(Fault.NONE);
    SoakOptions options = options(Duration.ofMillis(300));
    PrintWriter out = new PrintWriter(text, true);
    assertThat(new Soak(options, volumes, out).run()).isEqualTo(Soak.HELD);
    assertThat(new Soak(options, volumes, out).run()).as("%s", text).isEqualTo(Soak.HELD);
    assertThat(directory.resolve("volume/soak/seed")).content().contains("--seed 42");
  }
}
