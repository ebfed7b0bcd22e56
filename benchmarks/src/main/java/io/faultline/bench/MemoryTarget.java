package io.faultline.bench;

import io.faultline.engine.device.HostMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Files that are memory: copying from and to a direct buffer, the floor of everything, and the same
 * with a mapped file of the host.
 */
final class MemoryTarget implements Target {
  private final @Nullable Path directory;
  private final Map<String, ByteBuffer> files = new HashMap<>();

  /** Memory of the JVM, or of files in {@code directory}, mapped. */
  MemoryTarget(@Nullable Path directory) {
    this.directory = directory;
  }

  private static final class File implements Open {
    private final ByteBuffer memory;
    private final boolean isFile;
    private int end;

    File(ByteBuffer memory, boolean isFile) {
      this.memory = memory;
      this.isFile = isFile;
    }

    @Override
    public int read(ByteBuffer into, long position) {
      int bytes = into.remaining();
      into.put(into.position(), memory, (int) position, bytes);
      into.position(into.limit());
      return bytes;
    }

    @Override
    public void write(ByteBuffer from, long position) {
      memory.put((int) position, from, from.position(), from.remaining());
      from.position(from.limit());
    }

    @Override
    public void append(ByteBuffer from) {
      int bytes = from.remaining();
      write(from, end);
      end += bytes;
    }

    @Override
    public void truncate() {
      end = 0;
    }

    @Override
    public void settle() {
      if (memory instanceof MappedByteBuffer mapped && isFile) {
        mapped.force();
      }
    }

    @Override
    public void close() {}
  }

  private static ByteBuffer own(long bytes) {
    long pages = Math.ceilDiv(bytes, (long) Pages.BYTES) * Pages.BYTES;
    return HostMemory.allocate(pages, Arena.global()).asByteBuffer();
  }

  @Override
  public Open open(String name, long bytes) throws IOException {
    ByteBuffer memory = files.get(name);
    if (memory == null) {
      // On huge pages, as the engine's frames are: a floor that something stands below is none.
      memory = directory == null ? own(bytes) : map(name, bytes);
      files.put(name, memory);
    }
    return new File(memory, directory != null);
  }

  private ByteBuffer map(String name, long bytes) throws IOException {
    Path path = Objects.requireNonNull(directory).resolve(name);
    try (FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes);
    }
  }

  @Override
  public void unlink(String name) throws IOException {
    files.remove(name);
    if (directory != null) {
      Files.delete(directory.resolve(name));
    }
  }

  @Override
  public void close() {
    files.clear();
  }
}
