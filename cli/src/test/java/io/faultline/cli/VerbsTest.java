package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.ErrnoException;
import io.faultline.FileStatus;
import io.faultline.FsckReport;
import io.faultline.VolumeOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Goal: each verb asks the volume for what its options say, and ends with the right exit code.
 * Method: the real command line on a volume in memory.
 */
class VerbsTest {
  private final VerbRun verbs = new VerbRun();

  private void held(String... args) {
    assertThat(verbs.run(args)).matches(o -> o.exitCode() == ExitCode.HELD, "exit code 0");
  }

  @Test
  void putAndCatKeepEveryByte() {
    byte[] bytes = new byte[3_000_001];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31 + i / 256);
    }
    assertThat(verbs.run(bytes, "put", "V", "/a").exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(verbs.run("cat", "V", "/a").raw()).isEqualTo(bytes);
    assertThat(verbs.run("x".getBytes(StandardCharsets.UTF_8), "put", "V", "/a", "-").exitCode())
        .isZero();
    assertThat(verbs.run("cat", "V", "/a", "/a").answers()).containsExactly("xx");
  }

  @Test
  void putOfAMissingHostFileLeavesTheOldContent(@TempDir Path host) throws IOException {
    verbs.run("old".getBytes(StandardCharsets.UTF_8), "put", "V", "/a");
    VerbRun.Outcome outcome = verbs.run("put", "V", "/a", host.resolve("none").toString());
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(verbs.run("cat", "V", "/a").answers()).containsExactly("old");
  }

  @Test
  void lsShowsNamesAndTheLongFormWhatTheyAre() {
    verbs.ops("mkdir /d", "write /a 0 5 1", "symlink /a /s");
    assertThat(verbs.run("ls", "V").out().lines()).containsExactly("a", "d", "s");
    assertThat(verbs.run("ls", "-l", "V", "/").out().lines())
        .satisfiesExactly(
            a -> assertThat(a).startsWith("-rw-r--r-- 1 0 0 5 1970-").endsWith(" a"),
            d -> assertThat(d).startsWith("drwxr-xr-x "),
            s -> assertThat(s).startsWith("lrwxrwxrwx ").endsWith(" s -> /a"));
    assertThat(verbs.run("ls", "V", "/a").out().lines()).containsExactly("/a");
  }

  @ParameterizedTest
  @CsvSource({
    "0644,-rw-r--r--",
    "04755,-rwsr-xr-x",
    "02644,-rw-r-Sr--",
    "01777,-rwxrwxrwt",
    "0170600,-rw-------"
  })
  void permissionsAreThoseOfLs(String octal, String letters) throws IOException {
    verbs.ops("create /a");
    verbs.volume().setMode("/a", Integer.parseInt(octal, 8));
    FileStatus status = verbs.volume().stat("/a");
    assertThat(Ls.permissions(status)).isEqualTo(letters);
  }

  @Test
  void rmRemovesTreesOnlyWhenTold() {
    verbs.ops("mkdir /d", "mkdir /d/e", "create /d/e/f", "create /g");
    assertThat(verbs.run("rm", "V", "/d").exitCode()).isEqualTo(ExitCode.FAILED);
    held("rm", "-r", "V", "/d");
    assertThat(verbs.run("rm", "V", "/none").exitCode()).isEqualTo(ExitCode.FAILED);
    held("rm", "-f", "V", "/none");
    held("rm", "-r", "V", "/");
    assertThat(verbs.ops("ls /")).containsExactly("OK");
  }

  @Test
  void mvRenamesOrMovesInto() {
    verbs.ops("mkdir /d", "create /a", "create /b");
    held("mv", "V", "/a", "/c");
    held("mv", "V", "/b", "/d");
    held("mkdir", "-p", "V", "/x/y/z", "/d");
    assertThat(verbs.ops("ls /", "ls /d", "ls /x/y")).containsExactly("OK c d x", "OK b", "OK z");
    assertThat(verbs.run("mkdir", "V", "/d").exitCode()).isEqualTo(ExitCode.FAILED);
  }

  @ParameterizedTest
  @CsvSource({"100,100", "+4k,4106", "-4,6", "-1m,0", "1MB,1000000"})
  void truncateTakesSizesAndChanges(String size, long expected) throws IOException {
    verbs.ops("write /a 0 10 1");
    held("truncate", "-s", size, "V", "/a");
    assertThat(verbs.volume().stat("/a").sizeBytes()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "-p,-o,4KiB,punch",
    "-z,-o,4KiB,zero ino=2 offset=4096 length=8192",
    "-c,-o,4K,collapse ino=2 offset=4096 length=8192",
    "-i,--offset,4096,insert ino=2 offset=4096 length=8192",
    "-n,-o,4k,allocate-keep ino=2 offset=4096 length=8192"
  })
  void fallocateHasTheOptionsOfUtilLinux(String mode, String o, String offset, String says) {
    verbs.ops("write /a 0 20000 1");
    VerbRun.Outcome outcome = verbs.run("fallocate", mode, o, offset, "-l", "8KiB", "V", "/a");
    if (says.equals("punch")) {
      assertThat(outcome.exitCode()).isEqualTo(ExitCode.HELD);
      assertThat(verbs.run("extents", "V", "/a").out().lines())
          .containsExactly("0:4096:data", "12288:8192:data");
    } else {
      assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
      assertThat(outcome.err()).contains(says);
    }
  }

  @Test
  void wrongUsageIsTwo() {
    assertThat(verbs.run("fallocate", "-p", "-z", "-l", "1", "V", "/a").exitCode())
        .isEqualTo(ExitCode.USAGE);
    assertThat(verbs.run("fallocate", "V", "/a").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(verbs.run("truncate", "-s", "big", "V", "/a").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(verbs.run("ls").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(verbs.run("mkfs", "V", "--layout", "fat").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(verbs.run("mkfs", "V", "--size", "1").err()).contains("1048576 to");
    assertThat(verbs.run("journal", "V").exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void wrongUsageIsOneLineThatNamesTheVerb() {
    assertThat(verbs.run("ls").err().lines())
        .containsExactly(
            "faultline ls: Missing required parameter: 'VOLUME' (see faultline ls --help)");
    assertThat(verbs.run("journal", "V", "log", "--from", "x").err().lines())
        .singleElement()
        .asString()
        .startsWith("faultline journal: Invalid value");
  }

  @Test
  void truncateMakesAFileUnlessToldNotTo() {
    VerbRun.Outcome passedOver = verbs.run("truncate", "-c", "-s", "5", "V", "/none", "/no/ne");
    assertThat(passedOver.exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(passedOver.err() + passedOver.out()).isEmpty();
    assertThat(verbs.ops("ls /")).containsExactly("OK");
    held("truncate", "-s", "5", "V", "/made");
    held("truncate", "-c", "-s", "6", "V", "/made");
    assertThat(verbs.ops("ls /", "stat /made")).first().isEqualTo("OK made");
    assertThat(verbs.ops("stat /made").getFirst()).startsWith("OK size=6 ");
    assertThat(verbs.run("truncate", "-s", "5", "V", "/no/ne").exitCode())
        .isEqualTo(ExitCode.FAILED);
  }

  @ParameterizedTest
  @CsvSource({"-c,--collapse-range", "-i,--insert-range"})
  void keepSizeDoesNotGoWithWhatChangesTheSize(String mode, String name) {
    verbs.ops("write /a 0 20000 1");
    VerbRun.Outcome outcome = verbs.run("fallocate", mode, "-n", "-l", "4k", "V", "/a");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(outcome.err()).contains(name + " changes the size");
  }

  @Test
  void mkfsPassesLayoutAndSize() {
    held("mkfs", "V", "--size", "2MiB", "--layout", "ext4");
    assertThat(verbs.createdWith)
        .containsExactly(VolumeOptions.defaults().layout("ext4").size(2L << 20));
  }

  @Test
  void whatOnlyLooksOpensForReading() {
    verbs.ops("create /a");
    verbs.openedWith.clear();
    for (String[] args :
        new String[][] {
          {"ls", "V"},
          {"cat", "V", "/a"},
          {"stat", "V", "/a"},
          {"extents", "V", "/a"}
        }) {
      held(args);
    }
    assertThat(verbs.openedWith).hasSize(4).allMatch(VolumeOptions::readOnly);
    held("mkdir", "V", "/d");
    assertThat(verbs.openedWith.getLast().readOnly()).isFalse();
  }

  @Test
  void fsckFindingsAreViolations() {
    assertThat(verbs.run("fsck", "V").out())
        .isEqualTo("clean inodes=1 blocks=9 lsn=7 orphans=0" + System.lineSeparator());
    verbs.volume().findings =
        List.of(
            new FsckReport.Finding(
                "block-twice", 5, "/a b", 4096, 8192, "9 is twice", "one owner", 6),
            new FsckReport.Finding(
                "cycle",
                7,
                "",
                ErrnoException.NONE,
                ErrnoException.NONE,
                "a",
                "b",
                ErrnoException.NONE));
    for (String[] args : new String[][] {{"fsck", "V"}, {"fsck", "V", "--repair"}}) {
      VerbRun.Outcome outcome = verbs.run(args);
      assertThat(outcome.exitCode()).isEqualTo(ExitCode.VIOLATION);
      assertThat(outcome.out().lines())
          .startsWith(
              "VIOLATION kind=block-twice ino=5 offset=4096"
                  + " saw=/a%20b%20bytes%20[4096,%2012288):%209%20is%20twice"
                  + " allowed=one%20owner lsn=6",
              "VIOLATION kind=cycle ino=7 offset=- saw=a allowed=b lsn=never");
    }
    assertThat(verbs.run("fsck", "--repair", "V").out())
        .contains("repaired nothing: ")
        .endsWith("not touched: block-twice, cycle" + System.lineSeparator());
  }

  @Test
  void fsckTellsOrphansAndWhatItFreed() {
    verbs.volume().orphans = List.of(new FsckReport.Orphan(1, 4));
    VerbRun.Outcome found = verbs.run("fsck", "V");
    assertThat(found.exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(found.out().lines())
        .containsExactly("orphan ino=1 blocks=4", "clean inodes=1 blocks=9 lsn=7 orphans=1");
    assertThat(verbs.run("fsck", "V", "--repair").out().lines())
        .containsExactly("freed ino=1 blocks=4", "clean inodes=0 blocks=5 lsn=7 freed=1 leaked=0");
    assertThat(verbs.repairs).containsExactly(false, true);
  }

  @Test
  void everyVerbHasHelp() {
    for (String verb :
        "ops mkfs fsck import export ls cat stat extents put rm mkdir mv truncate fallocate journal"
            .split(" ", -1)) {
      VerbRun.Outcome outcome = verbs.run(verb, "--help");
      assertThat(outcome.exitCode()).as(verb).isEqualTo(ExitCode.HELD);
      assertThat(outcome.out()).startsWith("Usage: faultline " + verb);
    }
    assertThat(verbs.run("journal", "V", "log", "--help").exitCode()).isZero();
  }

  @Test
  void theJournalOfNoVolumeIsOneLine(@TempDir Path host) throws IOException {
    Files.createDirectory(host.resolve("empty"));
    VerbRun.Outcome outcome = verbs.run("journal", host.resolve("empty").toString(), "log");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err().lines())
        .singleElement()
        .asString()
        .startsWith("faultline journal: ")
        .contains("is not a volume");
  }
}
