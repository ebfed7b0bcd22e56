package io.faultline.soak.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names: every errno of the man pages on one small tree, then limits and link counts. */
class NamespaceTest {

  private final ModelFilesystem fs = new ModelFilesystem();
  private final ModelRunner run = new ModelRunner(fs);

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "create /f, EEXIST",
    "create /d, EEXIST",
    "create /x/y, ENOENT",
    "create /f/y, ENOTDIR",
    "create /dangling, EEXIST",
    "create /d/, EEXIST",
    "create /new/, EISDIR",
    "mkdir /d, EEXIST",
    "mkdir /f, EEXIST",
    "mkdir /, EEXIST",
    "mkdir /x/y, ENOENT",
    "unlink /d, EISDIR",
    "unlink /x, ENOENT",
    "unlink /f/, ENOTDIR",
    "unlink /f/g, ENOTDIR",
    "rmdir /f, ENOTDIR",
    "rmdir /full, ENOTEMPTY",
    "rmdir /x, ENOENT",
    "rmdir /, EBUSY",
    "rmdir /d/., EINVAL",
    "rmdir /full/sub/.., ENOTEMPTY",
    "rmdir /todir, ENOTDIR",
    "rename /x /y, ENOENT",
    "rename /full /full/sub/in, EINVAL",
    "rename /full /full/sub, EINVAL",
    "rename /full/sub /full, ENOTEMPTY",
    "rename /d /f, ENOTDIR",
    "rename /f /d, EISDIR",
    "rename /d /full, ENOTEMPTY",
    "rename /f /x/y, ENOENT",
    "rename / /y, EBUSY",
    "rename /d/. /y, EBUSY",
    "rename /f/ /y, ENOTDIR",
    "rename /f /y/, ENOTDIR",
    "link /d /y, EPERM",
    "link /f /d, EEXIST",
    "link /d /f, EEXIST",
    "link /x /y, ENOENT",
    "link /f /y/, ENOENT",
    "symlink t /f, EEXIST",
    "symlink t /x/y, ENOENT",
    "ls /f, ENOTDIR",
    "ls /x, ENOENT",
    "stat /dangling, ENOENT",
    "stat /loop, ELOOP",
    "stat /f/, ENOTDIR",
    "write /d 0 1 1, EISDIR",
    "write /loop 0 1 1, ELOOP",
    "fsync /x, ENOENT",
    "extents /d, EISDIR"
  })
  void refusalsAreThoseOfLinuxAndChangeNothing(String line, String errno) {
    plant();
    var before = fs.tree();
    assertThat(run.answer(line)).startsWith("ERR " + errno + " ");
    assertThat(fs.tree()).isEqualTo(before);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "rename /f /f2, ls /, OK d dangling f2 full loop todir tofile",
    "rename /d /full/sub, ls /full, OK sub",
    "rename /full /d, ls /d, OK sub",
    "rename /full/sub /todir/sub, ls /d, OK sub",
    "rename /f /f, ls /, OK d dangling f full loop todir tofile",
    "rename /tofile /f, ls /, OK d dangling f full loop todir",
    "rmdir /d/, ls /, OK dangling f full loop todir tofile",
    "mkdir /d/new/, ls /d/../d/./, OK new",
    "write /dangling 0 3 1, ls /d, OK made",
    "symlink /d /d/%20%25, ls /d, OK %20%25"
  })
  void changesShowInTheListing(String line, String listing, String expected) {
    plant();
    assertThat(run.answer(line)).startsWith("OK");
    assertThat(run.answer(listing)).isEqualTo(expected);
  }

  @Test
  void renameOfTwoNamesOfOneInodeDoesNothing() {
    plant();
    run.answer("link /f /g");
    assertThat(run.answer("rename /f /g")).isEqualTo("OK");
    assertThat(run.answer("stat /f")).contains("nlink=2");
    assertThat(run.answer("unlink /f")).isEqualTo("OK");
    assertThat(run.answer("stat /g")).contains("nlink=1");
  }

  @Test
  void directoriesCountTheirSubdirectories() {
    plant();
    assertThat(run.answer("stat /full")).contains("mode=40755 nlink=3");
    run.answer("rename /full/sub /d/sub");
    assertThat(run.answer("stat /full")).contains("nlink=2");
    assertThat(run.answer("stat /d")).contains("nlink=3");
    run.answer("rename /full /d/sub");
    assertThat(run.answer("stat /d")).contains("nlink=3");
    assertThat(run.answer("stat /")).contains("nlink=3");
  }

  @Test
  void limitsOfNamesPathsSymlinksAndLinks() {
    String longest = "/" + "n".repeat(253) + "é";
    assertThat(run.answer("create " + longest)).isEqualTo("OK");
    assertThat(run.answer("create " + longest + "n")).startsWith("ERR ENAMETOOLONG");
    assertThat(run.answer("stat " + "/.".repeat(2047) + "/")).startsWith("OK");
    assertThat(run.answer("stat " + "/.".repeat(2048))).startsWith("ERR ENAMETOOLONG");
    run.answer("create /l0");
    for (int i = 1; i <= 41; i++) {
      run.answer("symlink l" + (i - 1) + " /l" + i);
    }
    assertThat(run.answer("stat /l40")).startsWith("OK");
    assertThat(run.answer("stat /l41")).startsWith("ERR ELOOP");
    for (int i = 1; i < ModelFilesystem.LINKS_MAX; i++) {
      assertThat(fs.link("/l0", "/k" + i)).isInstanceOf(Outcome.Ok.class);
    }
    assertThat(run.answer("link /l0 /one-more")).startsWith("ERR EMLINK");
  }

  @Test
  void readlinkAndLinkStatDoNotFollow() {
    plant();
    assertThat(fs.readlink("/todir")).isEqualTo(new Outcome.Ok<>("d"));
    assertThat(fs.readlink("/f")).isEqualTo(new Outcome.Err<String>("EINVAL"));
    assertThat(LayoutTableTest.value(fs.linkStat("/todir")).mode()).isEqualTo(0120777);
    assertThat(LayoutTableTest.value(fs.stat("/todir")).isDirectory()).isTrue();
  }

  private void plant() {
    for (String line :
        List.of(
            "create /f",
            "mkdir /d",
            "mkdir /full",
            "mkdir /full/sub",
            "symlink d /todir",
            "symlink /f /tofile",
            "symlink /d/made /dangling",
            "symlink loop /loop")) {
      assertThat(run.answer(line)).isEqualTo("OK");
    }
  }
}
