package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/** Files of a provider of java.nio.file, through {@link FileChannel}. */
class ChannelTarget implements Target {
  private final Path directory;

  /** Files in a directory of any provider. */
  ChannelTarget(Path directory) {
    this.directory = directory;
  }

  /** An open channel. */
  static class File implements Open {
    final FileChannel channel;

    File(FileChannel channel) {
      this.channel = channel;
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      int read = channel.read(into, position);
      // Some channels give less than is there, at the borders of their own blocks.
      while (into.hasRemaining() && read > 0) {
        int more = channel.read(into, position + read);
        if (more <= 0) {
          break;
        }
        read += more;
      }
      return read;
    }

    @Override
    public void write(ByteBuffer from, long position) throws IOException {
      long at = position;
      while (from.hasRemaining()) {
        at += channel.write(from, at);
      }
    }

    @Override
    public void append(ByteBuffer from) throws IOException {
      while (from.hasRemaining()) {
        channel.write(from);
      }
    }

    @Override
    public void truncate() throws IOException {
      channel.truncate(0);
      channel.position(0);
    }

    @Override
    public void settle() throws IOException {
      channel.force(false);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  @Override
  public Open open(String name, long bytes) throws IOException {
    return new File(
        FileChannel.open(
            path(name),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE));
  }

  private Path path(String name) {
    return directory.resolve(name);
  }

  @Override
  public void create(String name) throws IOException {
    Files.createFile(path(name));
  }

  @Override
  public long stat(String name) throws IOException {
    return Files.readAttributes(path(name), BasicFileAttributes.class).size();
  }

  @Override
  public void unlink(String name) throws IOException {
    Files.delete(path(name));
  }

  @Override
  public void close() throws IOException {}
}
