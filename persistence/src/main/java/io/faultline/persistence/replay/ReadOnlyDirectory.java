package io.faultline.persistence.replay;

import io.faultline.engine.device.JournalStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * Journal or checkpoint files that cannot be written through this: reading a volume needs no more
 * rights.
 */
public record ReadOnlyDirectory(Path directory) implements JournalStore {
  @Override
  public List<String> list() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Override
  public JournalFile open(String name, boolean create) throws IOException {
    if (create) {
      throw readOnly();
    }
    return new ReadOnlyFile(FileChannel.open(directory.resolve(name), StandardOpenOption.READ));
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
    return new UnsupportedOperationException("this journal is open for reading");
  }

  private record ReadOnlyFile(FileChannel channel) implements JournalFile {
    @Override
    public long length() throws IOException {
      return channel.size();
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      return channel.read(target, position);
    }

    @Override
    public void write(ByteBuffer source, long position) {
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
    public void close() throws IOException {
      channel.close();
    }
  }
}
