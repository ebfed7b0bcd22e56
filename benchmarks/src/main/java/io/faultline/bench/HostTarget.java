package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Files of the host's filesystem, through its page cache or around it. Besides what a channel can
 * do, holes are punched and the page cache is dropped by calls of the operating system.
 */
final class HostTarget extends ChannelTarget {
  private final Path directory;
  private final boolean direct;

  /** Files in {@code directory}; with O_DIRECT if {@code direct}. */
  HostTarget(Path directory, boolean direct) {
    super(directory);
    this.directory = directory;
    this.direct = direct;
  }

  /** A channel, and the file descriptor for what no channel can do. */
  private static final class HostFile extends File {
    private final int descriptor;

    HostFile(FileChannel channel, int descriptor) {
      super(channel);
      this.descriptor = descriptor;
    }

    @Override
    public void punch(long offset, long length) throws IOException {
      HostCalls.punch(descriptor, offset, length);
    }

    @Override
    public void dropCache() throws IOException {
      channel.force(true);
      HostCalls.dropCache(descriptor);
    }

    @Override
    public void close() throws IOException {
      super.close();
      HostCalls.close(descriptor);
    }
  }

  /** Reads around the page cache; writes fill the file through it and end with a sync. */
  private static final class DirectFile extends File {
    private final FileChannel around;

    DirectFile(FileChannel channel, FileChannel around) {
      super(channel);
      this.around = around;
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      return around.read(into, position);
    }

    /** There is none. */
    @Override
    public void dropCache() {}

    @Override
    public void close() throws IOException {
      around.close();
      super.close();
    }
  }

  @Override
  public int requestsInFlight() {
    return direct ? 4 : 1;
  }

  @Override
  public Open open(String name, long bytes) throws IOException {
    File file = (File) super.open(name, bytes);
    Path path = directory.resolve(name);
    return direct
        ? new DirectFile(file.channel, FileChannel.open(path, StandardOpenOption.READ, direct()))
        : new HostFile(file.channel, HostCalls.open(path));
  }

  @Override
  public AppendLog log(String name) throws IOException {
    Path path = directory.resolve(name);
    return direct ? AppendLog.ofDevice(path, direct()) : AppendLog.of(path);
  }

  /** O_DIRECT. By name, because the compiler warns of whoever names that class. */
  private static OpenOption direct() throws IOException {
    try {
      return (OpenOption)
          Class.forName("com.sun.nio.file.ExtendedOpenOption").getField("DIRECT").get(null);
    } catch (ReflectiveOperationException e) {
      throw new AbsentException("O_DIRECT: " + e.getMessage());
    }
  }
}
