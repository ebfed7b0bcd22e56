package io.faultline.engine.device;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Journal files in a directory of the host, through FileChannel. Whoever commits writes them, and
 * that may be a thread that somebody interrupts: then the file is opened again, the operation
 * repeated, and the thread's interrupt flag kept.
 */
public final class DirectoryJournalStore implements JournalStore {
  /**
   * One host transaction in thousands of commits, and less than a thousandth of the smallest
   * volume.
   */
  private static final int ZEROS_AHEAD_BYTES = 4 << 20;

  private final Path directory;

  /** Files of an existing directory. */
  public DirectoryJournalStore(Path directory) {
    this.directory = directory;
  }

  @Override
  public List<String> list() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Override
  public JournalFile open(String name, boolean create) throws IOException {
    Path path = directory.resolve(JournalStore.checkName(name));
    Set<StandardOpenOption> options =
        create
            ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)
            : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
    return new HostFile(new SteadyChannel(path, options));
  }

  @Override
  public void delete(String name) throws IOException {
    Files.delete(directory.resolve(JournalStore.checkName(name)));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Files.move(
        directory.resolve(JournalStore.checkName(from)),
        directory.resolve(JournalStore.checkName(to)),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void syncDirectory() throws IOException {
    try (SteadyChannel channel = new SteadyChannel(directory, Set.of(StandardOpenOption.READ))) {
      channel.run(
          c -> {
            c.force(true);
            return true;
          });
    }
  }

  @Override
  public int zerosAheadBytes() {
    return ZEROS_AHEAD_BYTES;
  }

  private record HostFile(SteadyChannel channel) implements JournalFile {
    @Override
    public long length() throws IOException {
      return channel.run(FileChannel::size);
    }

    @Override
    public int read(ByteBuffer dst, long position) throws IOException {
      return channel.readFully(dst, position);
    }

    @Override
    public void write(ByteBuffer src, long position) throws IOException {
      channel.writeFully(src, position);
    }

    @Override
    public void sync() throws IOException {
      channel.run(
          c -> {
            c.force(false);
            return true;
          });
    }

    @Override
    public void truncate(long length) throws IOException {
      channel.run(c -> c.truncate(length));
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
