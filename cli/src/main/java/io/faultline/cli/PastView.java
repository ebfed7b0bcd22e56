package io.faultline.cli;

import io.faultline.FileStatus;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.volume.Fsck;
import io.faultline.persistence.history.NameIndex;
import io.faultline.persistence.history.VolumeState;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Questions to one state of the past.
 *
 * @param json whether lines are JSON objects
 * @param lines takes the lines
 */
record PastView(VolumeState state, boolean json, Consumer<String> lines) {

  /** The entries of a directory, or one file. */
  void ls(String file, boolean longForm) throws FsException {
    Inode inode = state.find(file);
    if (inode instanceof Inode.Directory dir) {
      NameIndex names = state.names(json ? List.of(dir.ino()) : List.of());
      for (Map.Entry<String, Long> entry : dir.entries().entrySet()) {
        Inode child = state.get(entry.getValue());
        String name = entry.getKey();
        if (child == null) {
          lines.accept(
              Names.printable(name) + " -> ino:" + entry.getValue() + ", which is not there");
        } else {
          ls(child, name, names.below(dir.ino(), name), longForm);
        }
      }
    } else {
      ls(inode, file, file, longForm);
    }
  }

  /** Every inode, whether a name leads to it or not. */
  void all(boolean longForm) {
    NameIndex names = state.names();
    for (Inode inode : state.all()) {
      if (names.paths(inode.ino()).isEmpty()) {
        ls(inode, "ino:" + inode.ino(), "ino:" + inode.ino(), longForm);
      }
      for (String path : names.paths(inode.ino())) {
        ls(inode, path, path, longForm);
      }
    }
  }

  private void ls(Inode inode, String name, String path, boolean longForm) {
    FileStatus status = PastText.status(inode);
    if (json) {
      lines.accept(PastText.statusJson(path, status).line());
    } else if (!longForm) {
      lines.accept(Names.printable(name));
    } else {
      lines.accept(
          Ls.permissions(status)
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
              + Names.printable(name)
              + (inode instanceof Inode.Symlink link
                  ? " -> " + Names.printable(link.target())
                  : ""));
    }
  }

  /** An inode, and for a file that has no name that it is an orphan. */
  void stat(String file) throws FsException {
    FileStatus status = PastText.status(state.find(file));
    lines.accept(json ? PastText.statusJson(file, status).line() : Stat.inode(file, status));
  }

  /** The runs of a file that are no holes, with where they lie. */
  void extents(String file) throws FsException {
    Inode inode = state.find(file);
    if (!(inode instanceof Inode.RegularFile found)) {
      Errno errno = inode instanceof Inode.Directory ? Errno.EISDIR : Errno.EINVAL;
      throw new FsException(errno, "extents", file + " has no blocks");
    }
    for (Extent extent : found.extents()) {
      lines.accept(json ? PastText.extentJson(extent).line() : PastText.extent(extent));
    }
  }

  /** What is wrong with the state, a line each; false if anything is. */
  boolean fsck(Fsck.Report report, long lsn) {
    for (Fsck.Finding finding : report.findings()) {
      lines.accept(
          json ? PastText.violationJson(finding, lsn).line() : PastText.violation(finding, lsn));
    }
    if (report.findings().isEmpty()) {
      lines.accept(
          json
              ? new Json()
                  .put("lsn", lsn)
                  .put("clean", true)
                  .put("inodes", report.inodes())
                  .put("blocks", report.blocks())
                  .line()
              : "clean inodes=" + report.inodes() + " blocks=" + report.blocks() + " lsn=" + lsn);
    }
    return report.findings().isEmpty();
  }
}
