package io.faultline.persistence.checkpoint;

import io.faultline.engine.device.JournalStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** A store that tells of every change and every sync, right after it. */
record WatchedStore(JournalStore below, Runnable watcher) implements JournalStore {
  @Override
  public List<String> list() throws IOException {
    return below.list();
  }

  @Override
  public JournalFile open(String name, boolean create) throws IOException {
    JournalFile file = below.open(name, create);
    watcher.run();
    return new WatchedFile(file);
  }

  @Override
  public void delete(String name) throws IOException {
    below.delete(name);
    watcher.run();
  }

  @Override
  public void rename(String from, String to) throws IOException {
    below.rename(from, to);
    watcher.run();
  }

  @Override
  public int zerosAheadBytes() {
    return below.zerosAheadBytes();
  }

  @Override
  public void syncDirectory() throws IOException {
    below.syncDirectory();
    watcher.run();
  }

  private final class WatchedFile implements JournalFile {
    private final JournalFile file;

    WatchedFile(JournalFile file) {
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
      file.write(src, position);
      watcher.run();
    }

    @Override
    public void sync() throws IOException {
      file.sync();
      watcher.run();
    }

    @Override
    public void truncate(long length) throws IOException {
      file.truncate(length);
      watcher.run();
    }

    @Override
    public void close() {
      try {
        file.close();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }
}
