package io.faultline.cli;

import io.faultline.FileStatus;
import io.faultline.Volume;
import io.faultline.VolumeStatus;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stat}: what is known of files, or of the volume. */
@Command(
    name = "stat",
    description = "Shows the inode of each path, or the volume's figures without one.")
final class Stat extends VolumeVerb {
  @Option(
      names = {"-L", "--dereference"},
      description = "Of a symbolic link, show what it leads to.")
  private boolean follow;

  @Parameters(index = "1..*", arity = "0..*", paramLabel = "PATH", description = "The files.")
  private List<String> paths = List.of();

  Stat(Host host) {
    super(host, true);
  }

  @Override
  int run(Volume volume) throws IOException {
    if (paths.isEmpty()) {
      out().println(figures(volume.status()));
    }
    for (String path : paths) {
      out().println(inode(path, follow ? volume.stat(path) : volume.lstat(path)));
    }
    return ExitCode.HELD;
  }

  static String inode(String path, FileStatus status) {
    return Names.encode(path)
        + " kind="
        + status.kind().name().toLowerCase(Locale.ROOT)
        + " "
        + OpsSession.stat(status)
        + " uid="
        + status.uid()
        + " gid="
        + status.gid()
        + " atime="
        + status.atime()
        + " mtime="
        + status.mtime()
        + " ctime="
        + status.ctime()
        + " btime="
        + status.btime();
  }

  private static String figures(VolumeStatus status) {
    return "id="
        + status.volumeId()
        + " layout="
        + status.layout()
        + " epoch="
        + status.epoch()
        + " lsn="
        + status.durableLsn()
        + " blocks="
        + status.blocksTotal()
        + " free="
        + status.blocksFree()
        + " reserved="
        + status.blocksReserved()
        + " pending="
        + status.blocksPending()
        + " inodes="
        + status.inodes();
  }
}
