package io.faultline;

import io.faultline.engine.volume.LiveVolume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A directory opened for reading, as open(2) allows: its status can be had and it can be synced.
 */
final class OpenDirectory implements OpenFile {
  private final JournaledVolume volume;
  private final LiveVolume live;
  private final long ino;
  private final AtomicBoolean closed = new AtomicBoolean();

  OpenDirectory(JournaledVolume volume, LiveVolume live, long ino) {
    this.volume = volume;
    this.live = live;
    this.ino = ino;
  }

  private ErrnoException refuse(Errno errno, String operation) {
    Errno told = closed.get() ? Errno.EBADF : errno;
    return new ErrnoException(
        told, operation, ino, ErrnoException.NONE, ErrnoException.NONE, told.text());
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    // Linux looks at the range before it asks what is read.
    boolean range = position >= 0 && position + target.remaining() >= 0;
    throw refuse(range ? Errno.EISDIR : Errno.EINVAL, "read");
  }

  @Override
  public int readWhole(ByteBuffer target, long position) throws IOException {
    throw refuse(Errno.EISDIR, "read");
  }

  @Override
  public int write(ByteBuffer source, long position) throws IOException {
    throw refuse(Errno.EBADF, "write");
  }

  @Override
  public long append(ByteBuffer source) throws IOException {
    throw refuse(Errno.EBADF, "append");
  }

  @Override
  public long size() throws IOException {
    return status().sizeBytes();
  }

  @Override
  public void truncate(long sizeBytes) throws IOException {
    throw refuse(Errno.EINVAL, "truncate");
  }

  @Override
  public void punchHole(long offset, long length) throws IOException {
    throw refuse(Errno.EBADF, "punch");
  }

  @Override
  public void zeroRange(long offset, long length, boolean keepSize) throws IOException {
    throw refuse(Errno.EBADF, "zero");
  }

  @Override
  public void allocate(long offset, long length, boolean keepSize) throws IOException {
    throw refuse(Errno.EBADF, "allocate");
  }

  @Override
  public void collapseRange(long offset, long length) throws IOException {
    throw refuse(Errno.EBADF, "collapse");
  }

  @Override
  public void insertRange(long offset, long length) throws IOException {
    throw refuse(Errno.EBADF, "insert");
  }

  @Override
  public void cloneRange(OpenFile source, long sourceOffset, long offset, long length)
      throws IOException {
    throw refuse(Errno.EISDIR, "clone");
  }

  @Override
  public long dedupeRange(OpenFile source, long sourceOffset, long offset, long length)
      throws IOException {
    throw refuse(Errno.EISDIR, "dedupe");
  }

  @Override
  public long seekData(long offset) throws IOException {
    throw refuse(Errno.EISDIR, "seek-data");
  }

  @Override
  public long seekHole(long offset) throws IOException {
    throw refuse(Errno.EISDIR, "seek-hole");
  }

  @Override
  public List<FileExtent> extents() throws IOException {
    throw refuse(Errno.EISDIR, "extents");
  }

  @Override
  public void advise(long offset, long length, Advice advice) throws IOException {
    throw refuse(Errno.EISDIR, "advise");
  }

  @Override
  public MappedView map(long offset, long length) throws IOException {
    throw refuse(Errno.EISDIR, "map");
  }

  @Override
  public FileStatus status() throws IOException {
    if (closed.get()) {
      throw refuse(Errno.EBADF, "stat");
    }
    try {
      return volume.status(ino, "stat");
    } catch (IOException e) {
      throw Errors.translate("stat", e);
    }
  }

  /** Everything named before this call is durable after it: names live in the journal only. */
  @Override
  public void sync() throws IOException {
    if (closed.get()) {
      throw refuse(Errno.EBADF, "fsync");
    }
    try {
      if (!live.config().readOnly()) {
        live.journal().commitAll();
      }
    } catch (IOException e) {
      throw Errors.translate("fsync", e);
    }
  }

  @Override
  public void dataSync() throws IOException {
    sync();
  }

  @Override
  public AsyncOpenFile async() {
    return new StagedOpenFile(this, new Stages(Runnable::run));
  }

  @Override
  public boolean isOpen() {
    return !closed.get();
  }

  @Override
  public void close() {
    closed.set(true);
  }
}
