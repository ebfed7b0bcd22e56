package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Memory that loses every so many-th write, or reads the page before every so many-th time. */
final class LyingTarget implements Target {
  /** What is wrong with it. */
  enum Lie {
    LOSES_WRITES,
    READS_THE_NEIGHBOUR,
    READS_SHORT,
    KEEPS_NAMES
  }

  private final MemoryTarget honest = new MemoryTarget(null);
  private final Lie lie;

  /** Reads the neighbour: the kind that JVMs are started for by the name of this class. */
  LyingTarget() {
    this(Lie.READS_THE_NEIGHBOUR);
  }

  LyingTarget(Lie lie) {
    this.lie = lie;
  }

  @Override
  public Open open(String name, long bytes) throws IOException {
    Open file = honest.open(name, bytes);
    return new Open() {
      private int calls;

      // Writes hide each other: more of them are lost.
      private boolean now(Lie kind) {
        return lie == kind && ++calls % (kind == Lie.LOSES_WRITES ? 7 : 1009) == 0;
      }

      @Override
      public int read(ByteBuffer into, long position) throws IOException {
        boolean neighbour = now(Lie.READS_THE_NEIGHBOUR) && position > 0;
        int read = file.read(into, neighbour ? position - Pages.BYTES : position);
        return now(Lie.READS_SHORT) ? read - 1 : read;
      }

      @Override
      public void write(ByteBuffer from, long position) throws IOException {
        if (now(Lie.LOSES_WRITES)) {
          from.position(from.limit());
        } else {
          file.write(from, position);
        }
      }

      @Override
      public void append(ByteBuffer from) throws IOException {
        if (now(Lie.LOSES_WRITES)) {
          from.putLong(0, 0);
        }
        file.append(from);
      }

      @Override
      public void truncate() throws IOException {
        file.truncate();
      }

      @Override
      public void close() throws IOException {
        file.close();
      }
    };
  }

  @Override
  public void create(String name) {}

  @Override
  public long stat(String name) {
    return 0;
  }

  @Override
  public void unlink(String name) throws IOException {
    honest.unlink(name);
  }

  @Override
  public void close() throws IOException {
    honest.close();
  }
}
