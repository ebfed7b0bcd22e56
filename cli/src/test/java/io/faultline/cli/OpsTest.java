package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: scripts can rely on the ops grammar to the byte. Method: lines in, answers out, on a volume
 * in memory.
 */
class OpsTest {
  /** SHA-256 of "AA" and of nothing, from sha256sum(1). */
  private static final String SHA_AA =
      "58bb119c35513a451d24dc20ef0e9031ec85b35bfc919d263e7e5d9868909cb5";

  private static final String SHA_EMPTY =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  private final VerbRun verbs = new VerbRun();

  @Test
  void everyOperationHasItsAnswer() {
    assertThat(
            verbs.ops(
                "mkdir /d",
                "write /d/a 4096 2 65",
                "append /d/a 3 255",
                "read /d/a 4096 2",
                "read /d/a 9999 1",
                "stat /d/a",
                "extents /d/a",
                "seek-data /d/a 0",
                "seek-hole /d/a 4096",
                "link /d/a /d/b",
                "rename /d/b /d/c",
                "symlink /d/a /s",
                "ls /d",
                "truncate /d/a 1",
                "fsync /d/a",
                "unlink /d/c",
                "unlink /d/a",
                "rmdir /d",
                "sync",
                "drop-caches"))
        .containsExactly(
            "OK",
            "OK 2",
            "OK 3",
            "OK 2 " + SHA_AA,
            "OK 0 " + SHA_EMPTY,
            "OK size=4101 blocks=1 mode=100644 nlink=1 ino=3",
            "OK 4096:4096:data",
            "OK 4096",
            "OK 4101",
            "OK",
            "OK",
            "OK",
            "OK a c",
            "OK",
            "OK",
            "OK",
            "OK",
            "OK",
            "OK",
            "OK");
    assertThat(verbs.volume().syncs).isEqualTo(2);
  }

  @Test
  void writesLongerThanTheBufferAreCountedWhole() {
    assertThat(verbs.ops("write /a 1 3000000 7", "stat /a"))
        .containsExactly("OK 3000000", "OK size=3000001 blocks=733 mode=100644 nlink=1 ino=2");
  }

  @Test
  void anEmptyWriteMakesTheFile() {
    assertThat(verbs.ops("write /a 0 0 0", "stat /a"))
        .containsExactly("OK 0", "OK size=0 blocks=0 mode=100644 nlink=1 ino=2");
  }

  @Test
  void onlyWriteMakesAFile() {
    assertThat(verbs.ops("append /a 1 0", "truncate /a 1", "punch /a 0 1"))
        .allMatch(answer -> answer.startsWith("ERR ENOENT "));
  }

  @Test
  void failuresNameTheErrnoOnceAndTheSessionGoesOn() {
    assertThat(verbs.ops("stat /none", "create /a", "create /a", "collapse /a 0 4096", "ls /"))
        .containsExactly(
            "ERR ENOENT lookup: /none",
            "OK",
            "ERR EEXIST create: /a",
            "ERR EOPNOTSUPP collapse ino=2 offset=0 length=4096: operation not supported",
            "OK a");
  }

  @Test
  void keepReachesTheVolume() {
    assertThat(verbs.ops("create /a", "allocate /a 0 1", "allocate /a 0 1 keep"))
        .satisfies(
            answers -> {
              assertThat(answers.get(1)).startsWith("ERR EOPNOTSUPP allocate ino");
              assertThat(answers.get(2)).startsWith("ERR EOPNOTSUPP allocate-keep ino");
            });
  }

  @Test
  void malformedLinesAreAnsweredWithTheirUsage() {
    assertThat(
            verbs.ops(
                "punch /a 0",
                "punch a 0 1",
                "punch /a zero 1",
                "punch /a +0 1",
                "punch /a \u0661 1",
                "punch /a 0x1 1",
                "punch /a - 1",
                "write /a 0 1 256",
                "write /a 0 1 -1",
                "allocate /a 0 1 keeps",
                "truncate /a 9223372036854775808",
                "create /%4",
                "create /%ff",
                "sync now"))
        .containsExactly(
            "ERR EINVAL usage: punch P OFF LEN",
            "ERR EINVAL usage: punch P OFF LEN",
            "ERR EINVAL usage: punch P OFF LEN",
            "ERR EINVAL usage: punch P OFF LEN",
            "ERR EINVAL usage: punch P OFF LEN",
            "ERR EINVAL usage: punch P OFF LEN",
            "ERR EINVAL usage: punch P OFF LEN",
            "ERR EINVAL usage: write P OFF LEN BYTE",
            "ERR EINVAL usage: write P OFF LEN BYTE",
            "ERR EINVAL usage: allocate P OFF LEN [keep]",
            "ERR EINVAL usage: truncate P SIZE",
            "ERR EINVAL usage: create P",
            "ERR EINVAL usage: create P",
            "ERR EINVAL usage: sync");
    assertThat(verbs.ops("explode /a").getFirst())
        .startsWith("ERR EINVAL usage: allocate | append");
  }

  @Test
  void negativeNumbersReachTheVolume() {
    assertThat(verbs.ops("create /a", "punch /a -2 1", "truncate /a -5", "write /a 0 -1 0"))
        .containsExactly(
            "OK",
            "ERR EINVAL punch ino=2 offset=-2 length=1: invalid argument",
            "ERR EINVAL truncate offset=-5: invalid argument",
            "ERR EINVAL write: length -1 is negative");
  }

  @Test
  void truncateLooksAtTheSizeBeforeThePath() {
    assertThat(verbs.ops("truncate /none -1", "truncate /none 1"))
        .containsExactly(
            "ERR EINVAL truncate offset=-1: invalid argument", "ERR ENOENT lookup: /none");
  }

  @Test
  void anExistingVolumeMustBeWhatTheOptionsSay() {
    assertThat(verbs.run("ops", "V", "--layout=ext4").exitCode()).isEqualTo(ExitCode.HELD);
    VerbRun.Outcome outcome = verbs.run("ops", "V", "--size=3m");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err()).startsWith("faultline ops: the volume's size is ");
  }

  @Test
  void blankLinesAndCommentsHaveNoAnswer() {
    assertThat(verbs.ops("", "  \t", "# create /a", "sync")).containsExactly("OK");
  }

  @Test
  void namesTravelAsWordsWhateverTheyHold() {
    assertThat(verbs.ops("create /a%20%25%0A", "create /%C3%A9", "create /ü", "ls /"))
        .containsExactly("OK", "OK", "OK", "OK a%20%25%0A é ü");
  }

  @Test
  void helpSaysWhatIsPassedOver() {
    assertThat(verbs.run("ops", "--help").out().replaceAll("\\s+", " "))
        .contains("Blank lines and lines that begin with # are passed over without an answer.");
  }

  @Test
  void linesThatAreNotUtf8OrFarTooLongAreRefusedAndTheNextIsRead() {
    byte[] bad = {'s', 'y', (byte) 0xff, '\n', 's', 'y', 'n', 'c'};
    assertThat(verbs.run(bad, "ops", "V").answers())
        .containsExactly("ERR EINVAL usage: a line is UTF-8", "OK");
    assertThat(verbs.ops("create /" + "a".repeat(LineSource.LINE_BYTES_MAX), "sync"))
        .containsExactly("ERR EINVAL usage: a line is at most 25600 bytes", "OK");
  }

  @Test
  void theEndOfInputClosesTheVolume() {
    VerbRun.Outcome outcome = verbs.run("ops", "V");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(verbs.volume().isOpen()).isFalse();
  }

  @Test
  void aMissingVolumeIsMadeOnlyOnRequest() {
    verbs.volume = null;
    VerbRun.Outcome refused = verbs.run("ops", "V");
    assertThat(refused.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(refused.err().lines())
        .containsExactly("faultline ops: ENOENT open: V is not a volume");
    assertThat(verbs.createdWith).isEmpty();

    assertThat(verbs.run("ops", "V", "--create", "--size", "64m").exitCode())
        .isEqualTo(ExitCode.HELD);
    assertThat(verbs.createdWith).singleElement().matches(o -> o.sizeBytes() == 64L << 20);
  }

  @Test
  void everyUsageIsUnderstoodByItsOwnParser() throws Exception {
    List<String> usages = OpsGrammar.usages();
    assertThat(usages).hasSize(26);
    for (String usage : usages) {
      String line =
          usage
              .replace(" [keep]", " keep")
              .replaceAll(" [PQT]\\b", " /x")
              .replaceAll(" (OFF|LEN|SIZE|BYTE)\\b", " 1");
      assertThat(OpsGrammar.parse(line)).as(usage).isPresent();
    }
  }

  @Test
  void decodeIsTheInverseOfEncode() {
    for (String name : List.of("plain", "a b", "100%", "tab\tnewline\n\u007f", "日本 é 😀")) {
      assertThat(Names.encode(name)).doesNotContain(" ", "\n");
      assertThat(Names.decode(Names.encode(name))).isEqualTo(name);
    }
    assertThatThrownBy(() -> Names.decode("%zz")).isInstanceOf(IllegalArgumentException.class);
    assertThat(Names.printable("a b%\u001b[2J")).isEqualTo("a b%%1B[2J");
  }

  @Test
  @Timeout(30)
  void answersAreFlushedLineByLine() throws Exception {
    // The next line is only sent once the answer to the one before has arrived.
    java.io.PipedOutputStream send = new java.io.PipedOutputStream();
    java.io.PipedInputStream in = new java.io.PipedInputStream(send);
    java.io.PipedOutputStream out = new java.io.PipedOutputStream();
    java.io.BufferedReader answers =
        new java.io.BufferedReader(
            new java.io.InputStreamReader(
                new java.io.PipedInputStream(out), StandardCharsets.UTF_8));
    Host host =
        new Host(
            (d, o) -> verbs.volume(),
            (d, o) -> verbs.volume(),
            (d, r) -> verbs.volume().fsck(),
            in,
            out);
    Thread session =
        Thread.ofPlatform()
            .daemon()
            .start(
                () ->
                    Main.run(
                        Main.verbs(host),
                        new java.io.PrintWriter(java.io.Writer.nullWriter()),
                        new java.io.PrintWriter(java.io.Writer.nullWriter()),
                        "ops",
                        "V"));
    for (int i = 0; i < 3; i++) {
      send.write(("create /f" + i + "\n").getBytes(StandardCharsets.UTF_8));
      send.flush();
      assertThat(answers.readLine()).isEqualTo("OK");
    }
    send.close();
    session.join();
  }
}
