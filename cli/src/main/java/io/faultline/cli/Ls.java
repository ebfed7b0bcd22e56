package io.faultline.cli;

import io.faultline.DirectoryEntry;
import io.faultline.FileKind;
import io.faultline.FileStatus;
import io.faultline.Volume;
import io.faultline.tree.VolumePaths;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ls}: names, with {@code -l} what they lead to. */
@Command(name = "ls", description = "Lists a directory, or one file.")
final class Ls extends VolumeVerb {
  private static final String PERMISSIONS = "rwxrwxrwx";

  @Option(
      names = {"-l", "--long"},
      description = "Mode, links, owner, group, size and modification time as well.")
  private boolean longForm;

  @Parameters(index = "1", arity = "0..1", paramLabel = "PATH", description = "Default: /")
  private String path = "/";

  Ls(Host host) {
    super(host, true);
  }

  @Override
  int run(Volume volume) throws IOException {
    // A link named on the line is shown itself only in the long form, as ls(1) does.
    FileStatus status = longForm ? volume.lstat(path) : volume.stat(path);
    if (!status.isDirectory()) {
      show(volume, path, path);
      return ExitCode.HELD;
    }
    for (DirectoryEntry entry : volume.list(path)) {
      show(volume, VolumePaths.child(path, entry.name()), entry.name());
    }
    return ExitCode.HELD;
  }

  private void show(Volume volume, String full, String name) throws IOException {
    if (!longForm) {
      out().println(Names.printable(name));
      return;
    }
    FileStatus status = volume.lstat(full);
    String line =
        permissions(status)
            + " "
            + status.nlink()
            + " "
            + status.uid()
            + " "
            + status.gid()
            + " "
            + status.sizeBytes()
            + " "
            + status.mtime()
            + " "
            + Names.printable(name);
    out()
        .println(
            status.isSymlink() ? line + " -> " + Names.printable(volume.readlink(full)) : line);
  }

  /** Type and permissions in the ten letters of ls(1). */
  static String permissions(FileStatus status) {
    StringBuilder letters = new StringBuilder(10);
    letters.append(letter(status.kind()));
    for (int bit = 0; bit < 9; bit++) {
      boolean set = (status.mode() & (0400 >> bit)) != 0;
      letters.append(set ? PERMISSIONS.charAt(bit) : '-');
    }
    special(letters, 3, (status.mode() & 04000) != 0, 's');
    special(letters, 6, (status.mode() & 02000) != 0, 's');
    special(letters, 9, (status.mode() & 01000) != 0, 't');
    return letters.toString();
  }

  private static void special(StringBuilder letters, int at, boolean set, char letter) {
    if (set) {
      letters.setCharAt(at, letters.charAt(at) == 'x' ? letter : Character.toUpperCase(letter));
    }
  }

  private static char letter(FileKind kind) {
    return switch (kind) {
      case REGULAR -> '-';
      case DIRECTORY -> 'd';
      case SYMLINK -> 'l';
    };
  }
}
