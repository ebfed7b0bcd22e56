package io.faultline.bench;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.device.MemoryJournalStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Journal files in memory whose sync takes a time of its own, in which its thread is parked: the
 * processor is free for the callers, as it is while a disk works. Counts what comes.
 */
final class SlowStore implements JournalStore {
  private final JournalStore memory = new MemoryJournalStore();
  private final long syncNanos;
  final LongAdder syncs = new LongAdder();
  final LongAdder syncedNanos = new LongAdder();
  final LongAdder writes = new LongAdder();
  final LongAdder bytes = new LongAdder();

  SlowStore(long syncNanos) {
    this.syncNanos = syncNanos;
  }

  private void delay() {
    syncs.increment();
    long began = System.nanoTime();
    // May return early, never by much less than a kernel timer's slack too late.
    for (long left = syncNanos; left > 0; left = syncNanos - (System.nanoTime() - began)) {
      LockSupport.parkNanos(this, left);
    }
    syncedNanos.add(System.nanoTime() - began);
  }

  @Override
  public List<String> list() throws IOException {
    return memory.list();
  }

  @Override
  public JournalFile open(String name, boolean create) throws IOException {
    return new SlowFile(memory.open(name, create));
  }

  @Override
  public void delete(String name) throws IOException {
    memory.delete(name);
  }

  @Override
  public void syncDirectory() throws IOException {
    delay();
    memory.syncDirectory();
  }

  private final class SlowFile implements JournalFile {
    private final JournalFile file;

    SlowFile(JournalFile file) {
      this.file = file;
    }

    @Override
    public long length() throws IOException {
      return file.length();
    }

    @Override
    public int read(ByteBuffer dst, long position) throws IOException {
      return file.read(dst, position);
    }

    @Override
    public void write(ByteBuffer src, long position) throws IOException {
      writes.increment();
      bytes.add(src.remaining());
      file.write(src, position);
    }

    @Override
    public void sync() throws IOException {
      delay();
      file.sync();
    }

    @Override
    public void truncate(long length) throws IOException {
      file.truncate(length);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
