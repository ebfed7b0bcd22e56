package io.faultline;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.volume.OpenInode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A range of an open file as memory. */
final class JournaledView implements MappedView {
  private final OpenInode inode;
  private final long offset;
  private final long length;
  private volatile boolean closed;

  JournaledView(OpenInode inode, long offset, long length) {
    this.inode = inode;
    this.offset = offset;
    this.length = length;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public byte get(long position) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    get(position, one);
    return one.get(0);
  }

  @Override
  public void put(long position, byte value) throws IOException {
    put(position, ByteBuffer.wrap(new byte[] {value}));
  }

  @Override
  public void get(long position, ByteBuffer target) throws IOException {
    Objects.checkFromIndexSize(position, target.remaining(), length);
    requireOpen("load");
    try {
      inode.load(target, offset + position);
    } catch (FsException e) {
      throw fault("load", e);
    }
  }

  @Override
  public void put(long position, ByteBuffer source) throws IOException {
    Objects.checkFromIndexSize(position, source.remaining(), length);
    requireOpen("store");
    try {
      inode.store(source, offset + position);
    } catch (FsException e) {
      throw fault("store", e);
    }
  }

  /** What Linux tells by SIGBUS is a bus error; a closed or read-only file is an errno. */
  private static ErrnoException fault(String operation, FsException e) {
    return switch (e.errno()) {
      case EBADF, EROFS -> Errors.translate(operation, e);
      default -> Errors.translateFault(operation, e);
    };
  }

  private void requireOpen(String operation) throws ErrnoException {
    if (closed) {
      throw new ErrnoException(Errno.EBADF, operation, "the view is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
