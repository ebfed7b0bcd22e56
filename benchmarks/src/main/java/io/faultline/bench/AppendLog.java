package io.faultline.bench;

import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file that is appended to and synced, on one side of the comparison or the other. */
interface AppendLog extends Closeable {
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
}
