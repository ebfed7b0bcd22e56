package io.faultline.bench;

import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/** A file that is appended to and synced, on one side of the comparison or the other. */
interface AppendLog extends Closeable {
  /** Size of the file of {@link #ofDevice}, a multiple of 1 MiB. */
  long DEVICE_BYTES = 16 << 20;

  /** Appends all of {@code record} and makes it durable. Any thread may call. */
  void appendAndSync(ByteBuffer record) throws IOException;

  /** A file of the volume. */
  static AppendLog of(Volume volume, String path) throws IOException {
    OpenFile file = volume.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    return new AppendLog() {
      @Override
      public void appendAndSync(ByteBuffer record) throws IOException {
        file.append(record);
        file.dataSync();
      }

      @Override
      public void close() throws IOException {
        file.close();
      }
    };
  }

  /** A file of the host, as java.nio gives it. */
  static AppendLog of(Path path) throws IOException {
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.APPEND);
    return new AppendLog() {
      @Override
      public void appendAndSync(ByteBuffer record) throws IOException {
        while (record.hasRemaining()) {
          channel.write(record);
        }
        channel.force(false);
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }

  /**
   * A file of the host that was written before and is written again around the page cache: what the
   * device takes for a write that is durable when it returns, and no filesystem's own work. From
   * the end it goes on at the beginning.
   */
  static AppendLog ofDevice(Path path, OpenOption direct) throws IOException {
    try (FileChannel whole =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer zeros = Pages.buffer(1 << 20);
      for (long at = 0; at < DEVICE_BYTES; at += zeros.capacity()) {
        whole.write(zeros.clear(), at);
      }
      whole.force(true);
    }
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.DSYNC, direct);
    AtomicLong next = new AtomicLong();
    return new AppendLog() {
      @Override
      public void appendAndSync(ByteBuffer record) throws IOException {
        long at = next.getAndAdd(record.remaining()) % DEVICE_BYTES;
        while (record.hasRemaining()) {
          channel.write(record, at);
        }
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }
}
