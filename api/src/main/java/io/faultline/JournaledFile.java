package io.faultline;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.runtime.CallerLane;
import io.faultline.engine.volume.OpenInode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Executor;

/** An open regular file of a {@link JournaledVolume}. */
final class JournaledFile implements OpenFile {
  private final JournaledVolume volume;
  private final OpenInode inode;
  private final OpenMode mode;
  private final Executor stages;

  JournaledFile(JournaledVolume volume, OpenInode inode, OpenMode mode, Executor stages) {
    this.volume = volume;
    this.inode = inode;
    this.mode = mode;
    this.stages = stages;
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    try {
      int read = inode.read(target, position);
      // 0 with room left means the end of file, which Java's channels call -1.
      return read == 0 && target.hasRemaining() ? -1 : read;
    } catch (IOException e) {
      throw Errors.translate("read", e);
    }
  }

  @Override
  public int readWhole(ByteBuffer target, long position) throws IOException {
    try {
      int read = inode.readWhole(target, position);
      return read == 0 && target.hasRemaining() ? -1 : read;
    } catch (IOException e) {
      throw Errors.translate("read", e);
    }
  }

  @Override
  public int write(ByteBuffer source, long position) throws IOException {
    try {
      int before = source.remaining();
      if (mode.append()) {
        inode.append(source);
      } else {
        inode.write(source, position);
      }
      int written = before - source.remaining();
      syncIfAsked(written);
      return written;
    } catch (IOException e) {
      throw Errors.translate("write", e);
    }
  }

  @Override
  public long append(ByteBuffer source) throws IOException {
    try {
      int before = source.remaining();
      long position = inode.append(source);
      syncIfAsked(before - source.remaining());
      return position;
    } catch (IOException e) {
      throw Errors.translate("append", e);
    }
  }

  private void syncIfAsked(int written) throws IOException {
    if (written > 0 && (mode.sync() || mode.dataSync())) {
      inode.sync(mode.sync());
    }
  }

  @Override
  public long size() throws IOException {
    try {
      return inode.size();
    } catch (IOException e) {
      throw Errors.translate("size", e);
    }
  }

  private void command(String name, CallerLane.Call<FsException> command) throws ErrnoException {
    try {
      OpenInode.call(command);
      if (mode.sync() || mode.dataSync()) {
        inode.sync(mode.sync());
      }
    } catch (IOException e) {
      throw Errors.translate(name, e);
    }
  }

  @Override
  public void truncate(long sizeBytes) throws IOException {
    command("truncate", () -> inode.truncate(sizeBytes));
  }

  @Override
  public void punchHole(long offset, long length) throws IOException {
    command("punch", () -> inode.punchHole(offset, length));
  }

  @Override
  public void zeroRange(long offset, long length, boolean keepSize) throws IOException {
    command("zero", () -> inode.zeroRange(offset, length, keepSize));
  }

  @Override
  public void allocate(long offset, long length, boolean keepSize) throws IOException {
    command("allocate", () -> inode.allocate(offset, length, keepSize));
  }

  @Override
  public void collapseRange(long offset, long length) throws IOException {
    command("collapse", () -> inode.collapseRange(offset, length));
  }

  @Override
  public void insertRange(long offset, long length) throws IOException {
    command("insert", () -> inode.insertRange(offset, length));
  }

  @Override
  public void cloneRange(OpenFile source, long sourceOffset, long offset, long length)
      throws IOException {
    throw sharingRefused("clone", source, offset, length);
  }

  @Override
  public long dedupeRange(OpenFile source, long sourceOffset, long offset, long length)
      throws IOException {
    throw sharingRefused("dedupe", source, offset, length);
  }

  /** The checks of Linux that come before the filesystem is asked whether it can share at all. */
  private ErrnoException sharingRefused(
      String operation, OpenFile source, long offset, long length) {
    Errno errno;
    if (source instanceof OpenDirectory) {
      errno = Errno.EISDIR;
    } else if (!(source instanceof JournaledFile from) || from.volume != volume) {
      errno = Errno.EXDEV;
    } else if (!isOpen() || !from.isOpen() || !from.mode.read() || !mode.write() || mode.append()) {
      errno = Errno.EBADF;
    } else {
      errno = Errno.EOPNOTSUPP;
    }
    String detail = errno == Errno.EOPNOTSUPP ? "the layout ext4 does not share blocks" : "";
    return new ErrnoException(errno, operation, inode.vnode().ino(), offset, length, detail);
  }

  @Override
  public long seekData(long offset) throws IOException {
    try {
      return inode.seekData(offset);
    } catch (IOException e) {
      throw Errors.translate("seek-data", e);
    }
  }

  @Override
  public long seekHole(long offset) throws IOException {
    try {
      return inode.seekHole(offset);
    } catch (IOException e) {
      throw Errors.translate("seek-hole", e);
    }
  }

  @Override
  public List<FileExtent> extents() throws IOException {
    try {
      return inode.extents().stream().map(JournaledFile::extent).toList();
    } catch (IOException e) {
      throw Errors.translate("extents", e);
    }
  }

  private static FileExtent extent(Extent e) {
    FileExtent.State state =
        switch (e.state()) {
          case WRITTEN -> FileExtent.State.DATA;
          case UNWRITTEN -> FileExtent.State.UNWRITTEN;
          // The engine lists a hole only where dirty pages wait for blocks.
          case HOLE -> FileExtent.State.DELALLOC;
        };
    return new FileExtent(e.fileBlock() * BLOCK_BYTES, e.length() * BLOCK_BYTES, state);
  }

  @Override
  public void advise(long offset, long length, Advice advice) throws IOException {
    try {
      inode.advise(offset, length, OpenInode.Advice.valueOf(advice.name()));
    } catch (IOException e) {
      throw Errors.translate("advise", e);
    }
  }

  @Override
  public MappedView map(long offset, long length) throws IOException {
    if (!inode.isOpen()) {
      throw new ErrnoException(Errno.EBADF, "map", "the file is closed");
    }
    if (offset < 0 || length <= 0 || offset + length < 0 || offset % BLOCK_BYTES != 0) {
      throw new ErrnoException(
          Errno.EINVAL,
          "map",
          inode.vnode().ino(),
          offset,
          length,
          "an empty or negative range, or an offset that is no multiple of " + BLOCK_BYTES);
    }
    if (!mode.read()) {
      throw new ErrnoException(Errno.EBADF, "map", "not open for reading");
    }
    return new JournaledView(inode, offset, length);
  }

  @Override
  public FileStatus status() throws IOException {
    try {
      inode.size();
      return volume.status(inode.vnode().ino(), "stat");
    } catch (IOException e) {
      throw Errors.translate("stat", e);
    }
  }

  @Override
  public void sync() throws IOException {
    sync("fsync", true);
  }

  @Override
  public void dataSync() throws IOException {
    sync("fdatasync", false);
  }

  private void sync(String name, boolean times) throws ErrnoException {
    try {
      inode.sync(times);
    } catch (IOException e) {
      throw Errors.translate(name, e);
    }
  }

  @Override
  public AsyncOpenFile async() {
    return new StagedOpenFile(this, new Stages(stages));
  }

  @Override
  public boolean isOpen() {
    return inode.isOpen();
  }

  @Override
  public void close() throws IOException {
    try {
      inode.close();
    } catch (IOException e) {
      throw Errors.translate("close", e);
    }
  }

  /** For tests of this package. */
  OpenInode inode() {
    return inode;
  }
}
