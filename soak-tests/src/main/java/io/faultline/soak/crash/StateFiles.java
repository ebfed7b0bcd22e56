package io.faultline.soak.crash;

import io.faultline.engine.device.JournalStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.List;

/** One directory of a state, for reading. */
record StateFiles(MediaState state, String directory) implements JournalStore {
  @Override
  public List<String> list() {
    return state.names().keySet().stream()
        .filter(path -> path.startsWith(directory + "/"))
        .map(path -> path.substring(directory.length() + 1))
        .toList();
  }

  @Override
  public JournalFile open(String name, boolean create) throws IOException {
    byte[] bytes = state.file(directory + "/" + name);
    if (bytes == null) {
      throw new NoSuchFileException(name);
    }
    return new StateFile(bytes);
  }

  @Override
  public void delete(String name) {
    throw readOnly();
  }

  @Override
  public void syncDirectory() {
    throw readOnly();
  }

  private static UnsupportedOperationException readOnly() {
    return new UnsupportedOperationException("a state is only looked at");
  }

  static int read(byte[] bytes, ByteBuffer dst, long position) {
    if (position >= bytes.length) {
      return dst.hasRemaining() ? -1 : 0;
    }
    int n = (int) Math.min(dst.remaining(), bytes.length - position);
    dst.put(bytes, (int) position, n);
    return n;
  }

  private static final class StateFile implements JournalFile {
    private final byte[] bytes;

    StateFile(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public long length() {
      return bytes.length;
    }

    @Override
    public int read(ByteBuffer dst, long position) {
      return StateFiles.read(bytes, dst, position);
    }

    @Override
    public void write(ByteBuffer src, long position) {
      throw readOnly();
    }

    @Override
    public void sync() {
      throw readOnly();
    }

    @Override
    public void truncate(long length) {
      throw readOnly();
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }
}
