package io.faultline.soak;

import io.faultline.Advice;
import io.faultline.BusErrorException;
import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.FileExtent;
import io.faultline.FileKind;
import io.faultline.FileStatus;
import io.faultline.MappedView;
import io.faultline.OpenFile;
import io.faultline.soak.FakeVolumes.Fault;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;

/** An open file of a {@link FakeVolume}. Every operation holds the content's monitor. */
public final class FakeFile implements MappedView {
  private static final int PAGE = 4096;
  private static final int RARELY = 50;

  /** Bytes of a file; all behind the size are zeros unless the fault says otherwise. */
  static final class Content {
    private byte[] bytes = new byte[0];
    private byte[] cached = new byte[0];
    private int size;
    private int changes;

    synchronized long size() {
      return size;
    }

    synchronized void forgetLastByte() {
      size = Math.max(0, size - 1);
    }

    private void room(long end) {
      if (end > bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.max(end, bytes.length * 2L) + PAGE);
        cached = Arrays.copyOf(cached, bytes.length);
      }
    }
  }

  private final long ino;
  private final Content content;
  private final Fault fault;
  private final LongAdder changes;

  private FakeFile(long ino, Content content, Fault fault, LongAdder changes) {
    this.ino = ino;
    this.content = content;
    this.fault = fault;
    this.changes = changes;
  }

  static OpenFile on(long ino, Content content, Fault fault, LongAdder changes) {
    FakeFile fake = new FakeFile(ino, content, fault, changes);
    return (OpenFile)
        Proxy.newProxyInstance(
            FakeFile.class.getClassLoader(),
            new Class<?>[] {OpenFile.class},
            (proxy, method, arguments) -> fake.call(proxy, method, arguments));
  }

  private Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
    if (method.isDefault()) {
      return InvocationHandler.invokeDefault(proxy, method, arguments);
    }
    try {
      return FakeFile.class
          .getMethod(method.getName(), method.getParameterTypes())
          .invoke(this, arguments);
    } catch (InvocationTargetException failure) {
      throw failure.getCause();
    } catch (NoSuchMethodException absent) {
      throw new UnsupportedOperationException(method.getName(), absent);
    }
  }

  private boolean rarely() {
    return ++content.changes % RARELY == 0;
  }

  public int read(ByteBuffer target, long position) {
    synchronized (content) {
      long end = content.size;
      if (fault == Fault.PAST_END) {
        end = (end + PAGE - 1) / PAGE * PAGE;
      }
      if (position >= end) {
        return -1;
      }
      content.room(end);
      int count = (int) Math.min(target.remaining(), end - position);
      target.put(
          fault == Fault.STALE_PAGES ? content.cached : content.bytes, (int) position, count);
      return count;
    }
  }

  public int write(ByteBuffer source, long position) {
    synchronized (content) {
      int count = source.remaining();
      content.room(position + count);
      source.get(content.bytes, (int) position, count);
      refresh(position, position + count, true);
      content.size = (int) Math.max(content.size, position + count);
      return count;
    }
  }

  public long append(ByteBuffer source) throws IOException {
    if (fault == Fault.FAILS && content.size() > 600_000) {
      throw new ErrnoException(Errno.EIO, "append", ino, content.size(), 1, "the device failed");
    }
    if (fault == Fault.HANGS && content.size() > 600_000) {
      hang();
    }
    synchronized (content) {
      long at = content.size;
      write(source, at);
      return at;
    }
  }

  private static void hang() {
    boolean interrupted = false;
    while (!interrupted) {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException enough) {
        interrupted = true;
      }
    }
  }

  /** What reads see follows what is there; with the fault, a change of zeros may be missed. */
  private void refresh(long from, long to, boolean always) {
    if (always || !rarely()) {
      System.arraycopy(
          content.bytes, (int) from, content.cached, (int) from, (int) Math.max(0, to - from));
    }
  }

  public long size() {
    return content.size();
  }

  public void truncate(long sizeBytes) {
    synchronized (content) {
      content.room(sizeBytes);
      long from = Math.min(sizeBytes, content.size);
      Arrays.fill(content.bytes, (int) from, content.bytes.length, (byte) 0);
      refresh(from, content.bytes.length, false);
      content.size = (int) sizeBytes;
      changes.increment();
    }
  }

  public void punchHole(long offset, long length) {
    synchronized (content) {
      long end = Math.min(offset + length, content.size);
      if (offset < end && !(fault == Fault.LOSES_PUNCHES && rarely())) {
        Arrays.fill(content.bytes, (int) offset, (int) end, (byte) 0);
        refresh(offset, end, false);
        changes.increment();
      }
    }
  }

  public void zeroRange(long offset, long length, boolean keepSize) {
    synchronized (content) {
      content.room(offset + length);
      Arrays.fill(content.bytes, (int) offset, (int) (offset + length), (byte) 0);
      refresh(offset, offset + length, false);
      content.size = keepSize ? content.size : (int) Math.max(content.size, offset + length);
    }
  }

  public void allocate(long offset, long length, boolean keepSize) {
    synchronized (content) {
      content.room(offset + length);
      content.size = keepSize ? content.size : (int) Math.max(content.size, offset + length);
    }
  }

  public List<FileExtent> extents() {
    return List.of();
  }

  public void advise(long offset, long length, Advice advice) {}

  public MappedView map(long offset, long length) {
    return this;
  }

  public FileStatus status() {
    return new FileStatus(ino, FileKind.REGULAR, 0644, 0, 0, 1, content.size(), 0, 0, 0, 0, 0);
  }

  public void sync() {}

  public void dataSync() {}

  public boolean isOpen() {
    return true;
  }

  @Override
  public long length() {
    return Long.MAX_VALUE;
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
    synchronized (content) {
      long pages = (content.size + PAGE - 1L) / PAGE * PAGE;
      content.room(pages);
      int count = (int) Math.max(0, Math.min(target.remaining(), pages - position));
      target.put(content.bytes, (int) Math.min(position, content.bytes.length), count);
      if (target.hasRemaining()) {
        throw new BusErrorException(Errno.ENXIO, "load", ino, position, 1, "");
      }
    }
  }

  @Override
  public void put(long position, ByteBuffer source) throws IOException {
    synchronized (content) {
      if (position + source.remaining() > content.size) {
        throw new BusErrorException(Errno.ENXIO, "store", ino, position, 1, "");
      }
      write(source, position);
    }
  }

  @Override
  public void close() {}
}
