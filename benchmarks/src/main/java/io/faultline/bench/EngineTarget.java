package io.faultline.bench;

import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A volume of this engine through {@link OpenFile}, over an image on the host's filesystem. */
final class EngineTarget implements Target {
  /** Not the same after {@link #reopen}. */
  Volume volume;

  /** Where the volume's directory lies. */
  final Path directory;

  private final VolumeOptions options;

  /** A new volume below {@code directory}. */
  EngineTarget(Path directory, long cacheBytes) throws IOException {
    this.directory = directory;
    this.options = VolumeOptions.defaults().size("16g").cacheSize(cacheBytes);
    this.volume = Volume.create(directory.resolve("volume"), options);
  }

  /** Closes the volume and opens it again. No file is open, no other thread calls. */
  void reopen() throws IOException {
    volume.close();
    volume = Volume.open(directory.resolve("volume"), options);
  }

  /** The target as this one, for rows that measure nothing else. */
  static EngineTarget of(Target target) {
    if (target instanceof EngineTarget engine) {
      return engine;
    }
    throw new IllegalArgumentException("only the engine is measured here");
  }

  private record File(Volume volume, OpenFile file) implements Open {
    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      return file.read(into, position);
    }

    @Override
    public void write(ByteBuffer from, long position) throws IOException {
      long at = position;
      while (from.hasRemaining()) {
        at += file.write(from, at);
      }
    }

    @Override
    public void append(ByteBuffer from) throws IOException {
      while (from.hasRemaining()) {
        file.append(from);
      }
    }

    @Override
    public void truncate() throws IOException {
      file.truncate(0);
    }

    @Override
    public void punch(long offset, long length) throws IOException {
      file.punchHole(offset, length);
    }

    @Override
    public void settle() throws IOException {
      volume.sync();
    }

    @Override
    public void dropCache() throws IOException {
      volume.dropCaches();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  @Override
  public boolean atomicPages() {
    return true;
  }

  @Override
  public Open open(String name, long bytes) throws IOException {
    return new File(
        volume,
        volume.open(
            "/" + name,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE));
  }

  @Override
  public AppendLog log(String name) throws IOException {
    return AppendLog.of(volume, "/" + name);
  }

  @Override
  public void create(String name) throws IOException {
    volume.create("/" + name, 0644);
  }

  @Override
  public long stat(String name) throws IOException {
    return volume.stat("/" + name).sizeBytes();
  }

  @Override
  public void unlink(String name) throws IOException {
    volume.unlink("/" + name);
  }

  @Override
  public void close() throws IOException {
    volume.close();
  }
}
