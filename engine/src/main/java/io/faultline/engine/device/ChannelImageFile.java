package io.faultline.engine.device;

import static io.faultline.engine.device.Io.PIECE_BYTES;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * An image file through {@link FileChannel}, for where native access is denied: buffered, no
 * discards. Interrupting a thread inside a FileChannel closes it, so only the device's own threads,
 * which nobody else knows, come here; should one be interrupted all the same, {@link SteadyChannel}
 * opens the file again.
 */
final class ChannelImageFile implements ImageFile {
  private final Path path;
  private final SteadyChannel channel;

  /**
   * Opens the file.
   *
   * @param createBytes length of a new file, or -1 to open one that exists
   */
  ChannelImageFile(Path path, long createBytes, boolean readOnly) throws IOException {
    this.path = path;
    if (createBytes >= 0) {
      createSparse(path, createBytes);
    }
    this.channel =
        new SteadyChannel(
            path,
            readOnly
                ? Set.of(StandardOpenOption.READ)
                : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  private static void createSparse(Path path, long lengthBytes) throws IOException {
    try (SteadyChannel fresh =
        new SteadyChannel(
            path,
            Set.of(
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.SPARSE,
                StandardOpenOption.WRITE))) {
      // A channel grows only by writing, so the last byte is what makes the length.
      fresh.writeFully(ByteBuffer.allocate(1), lengthBytes - 1);
    }
  }

  @Override
  public void transfer(Io io) throws IOException {
    for (int first = 0, next; first < io.pieces(); first = next) {
      next = endOfRun(io, first);
      int length = (next - first) * PIECE_BYTES;
      ByteBuffer view = io.memory().asSlice(io.pieceOffset(first), length).asByteBuffer();
      long at = io.deviceOffset() + (long) first * PIECE_BYTES;
      try {
        if (io.op() == Io.Op.WRITE) {
          channel.writeFully(view, at);
        } else if (channel.readFully(view, at) < length) {
          throw new IOException("unexpected end of file");
        }
      } catch (IOException e) {
        throw new IOException(
            "%s of %d bytes at offset %d of %s failed at offset %d: %s"
                .formatted(io.op(), io.lengthBytes(), io.deviceOffset(), path, at, e.getMessage()),
            e);
      }
    }
  }

  /** Pieces that are neighbours in memory too are moved by one call. */
  private static int endOfRun(Io io, int first) {
    int next = first + 1;
    while (next < io.pieces() && io.pieceOffset(next) == io.pieceOffset(next - 1) + PIECE_BYTES) {
      next++;
    }
    return next;
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
  public void discard(long offset, long lengthBytes) {
    // The JDK has no way to give a range back, and a discard is advice.
  }

  @Override
  public long length() throws IOException {
    return channel.run(FileChannel::size);
  }

  @Override
  public boolean direct() {
    return false;
  }

  @Override
  public boolean discards() {
    return false;
  }

  @Override
  public boolean anyThread() {
    return false;
  }

  @Override
  public String access() {
    return "FileChannel";
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
