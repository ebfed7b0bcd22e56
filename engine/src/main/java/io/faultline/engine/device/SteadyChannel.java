package io.faultline.engine.device;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/**
 * A FileChannel that survives thread interrupts. The JDK closes a channel under a thread that is
 * interrupted in it, and with it everybody else's; here the operation takes the flag down, opens
 * the file again, repeats itself (all are positional, so repeating is harmless) and puts the flag
 * back up at its end.
 */
final class SteadyChannel implements AutoCloseable {
  /** An operation on the open channel. */
  interface Operation<T> {
    T on(FileChannel channel) throws IOException;
  }

  private final Path path;
  private final Set<OpenOption> reopenOptions;
  private FileChannel channel; // guarded by this
  private boolean closed; // guarded by this
  private long reopened; // guarded by this

  SteadyChannel(Path path, Set<? extends OpenOption> options) throws IOException {
    this.path = path;
    Set<OpenOption> again = new HashSet<>(options);
    again.remove(StandardOpenOption.CREATE);
    again.remove(StandardOpenOption.CREATE_NEW);
    again.remove(StandardOpenOption.TRUNCATE_EXISTING);
    this.reopenOptions = Set.copyOf(again);
    this.channel = FileChannel.open(path, options);
  }

  /** Runs an idempotent operation, again after each reopening. */
  <T> T run(Operation<T> operation) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        interrupted |= Thread.interrupted();
        FileChannel now = current();
        try {
          return operation.on(now);
        } catch (ClosedChannelException e) {
          // Ours was interrupted, or another thread's was: either way the file itself is well.
          interrupted |= Thread.interrupted();
          reopen(now, e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized FileChannel current() {
    return channel;
  }

  @SuppressWarnings("ReferenceEquality") // the question is whether this very channel was replaced
  private synchronized void reopen(FileChannel broken, ClosedChannelException cause)
      throws IOException {
    if (closed) {
      throw cause;
    }
    if (channel == broken) {
      channel = FileChannel.open(path, reopenOptions);
      reopened++;
    }
  }

  /** How often an interrupt cost the channel. */
  synchronized long reopened() {
    return reopened;
  }

  /** Writes all remaining bytes at {@code position}. */
  void writeFully(ByteBuffer src, long position) throws IOException {
    int start = src.position();
    run(
        c -> {
          src.position(start);
          for (long at = position; src.hasRemaining(); ) {
            at += c.write(src, at);
          }
          return true;
        });
  }

  /** Reads until full or the end of the file; returns the bytes read, -1 at the end of the file. */
  int readFully(ByteBuffer dst, long position) throws IOException {
    int start = dst.position();
    return run(
        c -> {
          dst.position(start);
          while (dst.hasRemaining()) {
            if (c.read(dst, position + dst.position() - start) < 0) {
              return dst.position() == start ? -1 : dst.position() - start;
            }
          }
          return dst.position() - start;
        });
  }

  @Override
  public void close() throws IOException {
    FileChannel last;
    synchronized (this) {
      closed = true;
      last = channel;
    }
    last.close();
  }
}
