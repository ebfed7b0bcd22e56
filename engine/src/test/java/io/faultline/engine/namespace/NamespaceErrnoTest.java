package io.faultline.engine.namespace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Goal: the errnos of Linux, and what the operations do to attributes. Method: one small tree, one
 * line for each case; a failed operation must leave no trace.
 */
class NamespaceErrnoTest {
  private static final String LONG = "x".repeat(256);

  private final MemoryVolume volume = new MemoryVolume();
  private final Namespace names = new Namespace(volume);

  @BeforeEach
  void tree() throws FsException {
    names.mkdir("/d", 0755);
    names.mkdir("/d/sub", 0755);
    names.mkdir("/empty", 0755);
    names.create("/f", 0644, true);
    names.create("/d/g", 0644, true);
    names.link("/f", "/f2");
    names.symlink("d", "/sd");
    names.symlink("/f", "/sf");
    names.symlink("nowhere", "/dangling");
    names.symlink("nodir/x", "/deepDangling");
    names.symlink("new/", "/slashed");
    names.symlink("loop", "/loop");
  }

  private static String text(String argument) {
    return argument == null
        ? ""
        : argument
            .replace("LONGPATH", "/x".repeat(2048))
            .replace("LONG", LONG)
            .replace("NUL", "\0")
            .replace("HALF", "\ud800");
  }

  private void run(String verb, String first, String second) throws FsException {
    switch (verb) {
      case "stat" -> names.stat(first, true);
      case "lstat" -> names.stat(first, false);
      case "create" -> names.create(first, 0644, false);
      case "createNew" -> names.create(first, 0644, true);
      case "mkdir" -> names.mkdir(first, 0755);
      case "rmdir" -> names.rmdir(first);
      case "unlink" -> names.unlink(first);
      case "rename" -> names.rename(first, second);
      case "renameNew" -> names.rename(first, second, EnumSet.of(RenameFlag.NOREPLACE));
      case "exchange" -> names.rename(first, second, EnumSet.of(RenameFlag.EXCHANGE));
      case "link" -> names.link(first, second);
      case "symlink" -> names.symlink(first, second);
      case "readlink" -> names.readlink(first);
      case "list" -> names.list(first);
      case "list0" -> names.list(first, "", 0);
      case "lookup" -> names.lookup(InodeTable.ROOT, first);
      case "chmod" ->
          names.setAttributes(first, second.isEmpty(), AttributeChange.NONE.withMode(0600));
      default -> throw new IllegalArgumentException(verb);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ENOENT, stat, /x,",
    "ENOENT, stat, /x/y,",
    "ENOTDIR, stat, /f/x,",
    "ENOTDIR, stat, /f/,",
    "ENOTDIR, stat, /f/.,",
    "ENOTDIR, stat, /sf/,",
    "ENOENT, stat, /dangling,",
    "ELOOP, stat, /loop,",
    "ELOOP, stat, /loop/x,",
    "ENOTDIR, lstat, /sf/,",
    "ENOENT, lstat, /dangling/,",
    "ENOENT, stat, '',",
    "EINVAL, stat, d,",
    "ENAMETOOLONG, stat, /LONG,",
    "ENAMETOOLONG, stat, /LONG/x,",
    "ENAMETOOLONG, stat, LONGPATH,",
    "ENOTDIR, stat, /f/LONG,",
    "EINVAL, stat, /NUL,",
    "EINVAL, stat, /aHALFb,",
    "EINVAL, create, /HALF,",
    "EISDIR, create, /d,",
    "EISDIR, create, /,",
    "EISDIR, create, /d/.,",
    "EISDIR, create, /d/..,",
    "EISDIR, create, /new/,",
    "EISDIR, create, /sd,",
    "EISDIR, create, /slashed,",
    "ENOENT, create, /x/y,",
    "ENOTDIR, create, /f/y,",
    "ENOENT, create, /deepDangling,",
    "ELOOP, create, /loop,",
    "ENAMETOOLONG, create, /LONG,",
    "EEXIST, createNew, /f,",
    "EEXIST, createNew, /d,",
    "EEXIST, createNew, /,",
    "EEXIST, createNew, /dangling,",
    "EEXIST, createNew, /loop,",
    "EISDIR, createNew, /f/,",
    "EEXIST, mkdir, /f,",
    "EEXIST, mkdir, /d/,",
    "EEXIST, mkdir, /,",
    "EEXIST, mkdir, /d/.,",
    "EEXIST, mkdir, /d/..,",
    "EEXIST, mkdir, /dangling,",
    "EEXIST, mkdir, /dangling/,",
    "ENOENT, mkdir, /x/y,",
    "ENOENT, mkdir, /x/.,",
    "ENOTDIR, mkdir, /f/y,",
    "ENOTEMPTY, rmdir, /d,",
    "ENOTDIR, rmdir, /f,",
    "ENOTDIR, rmdir, /sd,",
    "ENOTDIR, rmdir, /sd/,",
    "EBUSY, rmdir, /,",
    "EINVAL, rmdir, /empty/.,",
    "ENOTEMPTY, rmdir, /empty/..,",
    "ENOENT, rmdir, /x,",
    "EISDIR, unlink, /d,",
    "EISDIR, unlink, /d/,",
    "EISDIR, unlink, /,",
    "EISDIR, unlink, /d/.,",
    "ENOTDIR, unlink, /f/,",
    "ENOTDIR, unlink, /sd/,",
    "ENOENT, unlink, /x,",
    "ENOENT, unlink, /x/,",
    "ENOENT, rename, /x, /y",
    "ENOENT, rename, /f, /x/y",
    "ENOTDIR, rename, /f, /f2/y",
    "EBUSY, rename, /, /y",
    "EBUSY, rename, /d/., /y",
    "EBUSY, rename, /f, /",
    "EBUSY, rename, /f, /d/..",
    "EINVAL, rename, /d, /d/sub/y",
    "EINVAL, rename, /d, /d/y",
    "EINVAL, rename, /d, /sd/sub/y",
    "ENOTEMPTY, rename, /d/sub, /d",
    "ENOTEMPTY, rename, /d/g, /d",
    "ENOTEMPTY, rename, /empty, /d",
    "EISDIR, rename, /f, /empty",
    "EISDIR, rename, /f, /d",
    "ENOTDIR, rename, /empty, /f",
    "ENOTDIR, rename, /empty, /sd",
    "ENOTDIR, rename, /f/, /y",
    "ENOTDIR, rename, /f, /y/",
    "ENOTDIR, rename, /sd/, /y",
    "ENAMETOOLONG, rename, /f, /LONG",
    "ENAMETOOLONG, rename, /f, LONGPATH",
    "ENAMETOOLONG, rename, /nosuch, LONGPATH",
    "ENOENT, rename, /x/y, LONGPATH",
    "ENOTDIR, rename, /f/y, LONGPATH",
    "ENAMETOOLONG, link, /f, LONGPATH",
    "ENOENT, link, /nosuch, LONGPATH",
    "ENOTDIR, link, /f/y, LONGPATH",
    "EEXIST, renameNew, /f, /f2",
    "EEXIST, renameNew, /f, /f",
    "EEXIST, renameNew, /d/g, /d",
    "EEXIST, renameNew, /f, /",
    "ENOENT, renameNew, /x, /f",
    "EINVAL, exchange, /f, /f2",
    "EPERM, link, /d, /y",
    "EPERM, link, /, /y",
    "EEXIST, link, /d, /f",
    "EEXIST, link, /f, /f2",
    "EEXIST, link, /f, /d/..",
    "ENOENT, link, /x, /y",
    "ENOENT, link, /f, /y/",
    "ENOTDIR, link, /f/, /y",
    "ENOENT, link, /f, /x/y",
    "EEXIST, symlink, t, /f",
    "EEXIST, symlink, t, /",
    "ENOENT, symlink, '', /y",
    "ENOENT, symlink, t, /y/",
    "ENAMETOOLONG, symlink, LONGPATH, /y",
    "EINVAL, symlink, NUL, /y",
    "EINVAL, readlink, /f,",
    "EINVAL, readlink, /d,",
    "EINVAL, readlink, /sd/,",
    "ENOENT, readlink, /x,",
    "ENOTDIR, list, /f,",
    "ENOENT, list, /x,",
    "EINVAL, list0, /d,",
    "ENOENT, lookup, x,",
    "EINVAL, lookup, d/g,",
    "EINVAL, lookup, d/,",
    "ENOENT, lookup, '',",
    "ENAMETOOLONG, lookup, LONG,",
    "ENOENT, chmod, /dangling,",
    "EOPNOTSUPP, chmod, /sf, link",
  })
  void failsLikeLinuxAndLeavesNoTrace(Errno errno, String verb, String first, String second) {
    int events = volume.journal().size();
    FsException e =
        catchThrowableOfType(
            FsException.class, () -> run(verb, text(first), second == null ? "" : text(second)));
    assertThat(e).as("%s %s %s", verb, first, second).isNotNull();
    assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno);
    assertThat(volume.journal()).hasSize(events);
    volume.checkConsistent();
  }

  /** On a read-only volume what is wrong with the names is told first where Linux does so. */
  @ParameterizedTest
  @CsvSource({
    "EROFS, create, /new,",
    "EROFS, create, /dangling,",
    "EEXIST, createNew, /f,",
    "EEXIST, mkdir, /d,",
    "EROFS, mkdir, /y,",
    "EROFS, rmdir, /x,",
    "EROFS, rmdir, /empty,",
    "EROFS, unlink, /x,",
    "EISDIR, unlink, /,",
    "EROFS, rename, /f, /y",
    "EROFS, rename, /x, /y",
    "EROFS, link, /f, /y",
    "EROFS, link, /d, /y",
    "EEXIST, link, /f, /f2",
    "EROFS, symlink, t, /y",
    "EROFS, chmod, /f,",
    "ENOENT, chmod, /x,",
  })
  void refusesChangesOfAReadOnlyVolume(Errno errno, String verb, String first, String second) {
    volume.readOnly = true;
    assertThatThrownBy(() -> run(verb, text(first), text(second)))
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno));
  }

  @Test
  void readsOnAReadOnlyVolume() throws FsException {
    volume.readOnly = true;
    assertThat(names.create("/f", 0, false).created()).isFalse();
    assertThat(names.list("/sd/")).extracting(Entry::name).containsExactly("g", "sub");
  }

  @Test
  void aFailedPublishChangesNothingAndLeavesNoLock() throws FsException {
    List<String> before = volume.dump();
    volume.failPublish = true;
    for (String[] step :
        new String[][] {
          {"create", "/n", ""}, {"unlink", "/f", ""}, {"rename", "/f", "/d/n"}, {"link", "/f", "/n"}
        }) {
      assertThatThrownBy(() -> run(step[0], step[1], step[2])).hasMessageStartingWith("EIO");
    }
    volume.failPublish = false;
    assertThat(volume.dump()).isEqualTo(before);
    names.rename("/f", "/d/n");
    assertThat(names.stat("/d/n", true).ino()).isEqualTo(names.resolve("/f2", true));
  }

  @Test
  void acceptsTheLongestNamesPathsAndTargets() throws FsException {
    String name = "é".repeat(127) + "x";
    names.create("/" + name, 0644, true);
    assertThatThrownBy(() -> names.create("/" + name + "y", 0644, true))
        .hasMessageStartingWith("ENAMETOOLONG");
    assertThat(names.resolve("/" + "./".repeat(2046) + "d/", true))
        .isEqualTo(names.resolve("/d", true));
    String target = "😀".repeat(1023) + "xyz";
    names.symlink(target, "/longLink");
    assertThat(names.readlink("/longLink")).isEqualTo(target);
  }

  @Test
  void followsFortyLinksAndNotOneMore() throws FsException {
    names.symlink("f", "/l1");
    for (int i = 2; i <= 41; i++) {
      names.symlink("l" + (i - 1), "/l" + i);
    }
    assertThat(names.resolve("/l40", true)).isEqualTo(names.resolve("/f", true));
    assertThatThrownBy(() -> names.resolve("/l41", true)).hasMessageStartingWith("ELOOP");
    assertThat(names.stat("/l41", false).kind()).isEqualTo(FileKind.SYMLINK);
  }

  @Test
  void aFileHas65000Links() throws FsException {
    long ino = names.resolve("/f", true);
    try (StateLocks _ = volume.lockStates(ino)) {
      volume.publish(List.of(new Event.LinksChanged(ino, Namespace.LINKS_MAX - 1, 1)));
    }
    names.link("/f", "/f3");
    assertThatThrownBy(() -> names.link("/f", "/f4")).hasMessageStartingWith("EMLINK");
  }

  @Test
  void createMakesTheTargetOfADanglingLink() throws FsException {
    Namespace.Opened opened = names.create("/dangling", 0600, false);
    assertThat(opened.created()).isTrue();
    assertThat(names.lookup(InodeTable.ROOT, "nowhere")).isEqualTo(opened.ino());
    assertThat(names.create("/dangling", 0600, false))
        .isEqualTo(new Namespace.Opened(opened.ino(), false));
  }

  @Test
  void linkNamesASymbolicLinkAndNotItsTarget() throws FsException {
    names.link("/sf", "/sf2");
    assertThat(names.readlink("/sf2")).isEqualTo("/f");
    assertThat(names.stat("/sf2", false).attributes().nlink()).isEqualTo(2);
  }

  @Test
  void renameMovesADirectoryWithItsLinksAndChangesItsTime() throws FsException {
    Attributes before = names.stat("/d", true).attributes();
    names.rename("/d", "/empty");
    Inode.Directory moved = (Inode.Directory) names.stat("/empty", true);
    assertThat(moved.ino()).isEqualTo(before.ino());
    assertThat(moved.attributes().ctimeNanos()).isGreaterThan(before.ctimeNanos());
    names.mkdir("/p", 0755);
    int links = names.stat("/", true).attributes().nlink();
    names.rename("/empty/", "/p/q/");
    assertThat(names.resolve("/p/q/..", true)).isEqualTo(names.resolve("/p", true));
    assertThat(names.stat("/", true).attributes().nlink()).isEqualTo(links - 1);
    assertThat(names.stat("/p", true).attributes().nlink()).isEqualTo(3);
    volume.checkConsistent();
  }

  @Test
  void renameOntoAnotherNameOfTheSameInodeDoesNothing() throws FsException {
    int events = volume.journal().size();
    names.rename("/f", "/f2");
    names.rename("/f", "/f");
    names.link("/f", "/d/f3");
    names.rename("/f", "/d/f3");
    assertThat(volume.journal()).hasSize(events + 2);
    assertThat(names.stat("/f", true).attributes().nlink()).isEqualTo(3);
  }

  @Test
  void aSetGroupIdDirectoryHandsItsGroupOn() throws FsException {
    names.setAttributes("/d", true, AttributeChange.NONE.withOwner(5, 7).withMode(02775));
    names.create("/d/h", 0644, true);
    names.mkdir("/d/below", 0700);
    assertThat(names.stat("/d/h", true).attributes().gid()).isEqualTo(7);
    assertThat(names.stat("/d/below", true).attributes().mode()).isEqualTo(02700);
    assertThat(names.stat("/f", true).attributes().gid()).isZero();
  }

  @Test
  void aNewOwnerTakesTheSetIdBitsOfAFileAway() throws FsException {
    names.setAttributes("/f", true, AttributeChange.NONE.withMode(06755).withTimes(11, 12));
    names.setAttributes("/f2", true, AttributeChange.NONE.withOwner(5, 7));
    Attributes at = names.stat("/f", true).attributes();
    assertThat(at.mode()).isEqualTo(0755);
    assertThat(List.of(at.uid(), at.gid())).containsExactly(5, 7);
    assertThat(List.of(at.atimeNanos(), at.mtimeNanos())).containsExactly(11L, 12L);
    assertThat(at.ctimeNanos()).isGreaterThan(12);
  }

  @Test
  void listsInPages() throws FsException {
    assertThat(names.list("/d", "", 1)).extracting(Entry::name).containsExactly("g");
    assertThat(names.list("/d", "g", 9))
        .extracting(Entry::kind)
        .containsExactly(FileKind.DIRECTORY);
    assertThat(names.list("/d", "h", 9)).extracting(Entry::name).containsExactly("sub");
    assertThat(names.list("/d", "sub", 9)).isEmpty();
  }

  @Test
  void aHundredThousandNamesInOneDirectory() throws FsException {
    int count = 100_000;
    for (int i = 0; i < count; i++) {
      names.create("/empty/file" + i, 0644, true);
    }
    List<Entry> all = names.list("/empty");
    assertThat(all).hasSize(count).isSortedAccordingTo((a, b) -> a.name().compareTo(b.name()));
    int paged = 0;
    for (List<Entry> page = names.list("/empty", "", 1000); !page.isEmpty(); ) {
      paged += page.size();
      page = names.list("/empty", page.getLast().name(), 1000);
    }
    assertThat(paged).isEqualTo(count);
    for (Entry entry : all) {
      names.unlink("/empty/" + entry.name());
    }
    names.rmdir("/empty");
    volume.checkConsistent();
  }
}
