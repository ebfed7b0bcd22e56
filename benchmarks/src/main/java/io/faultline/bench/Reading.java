package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads of a file that nobody changes, through one open file: of 128 KiB each from front to back
 * and again, or of pages anywhere.
 *
 * @param fileBytes size of the file, a power of two
 * @param threads how many read; {@code ns} is from the end of one call to the end of another
 */
record Reading(long fileBytes, int threads, boolean sequential) implements Windows {
  private static final int SEQUENTIAL_BYTES = 128 << 10;

  @Override
  public Session prepare(Target target) throws IOException {
    return new Readers(PageFile.filled(target, "read", fileBytes, PageFile.LARGE_WRITES), this);
  }

  private interface Reader extends Lanes.Lane {
    long differences();
  }

  private static final class Readers implements Session {
    private final PageFile file;
    private final Target.Open open;
    private final List<Reader> lanes = new ArrayList<>();

    Readers(PageFile file, Reading shape) throws IOException {
      this.file = file;
      this.open = file.open();
      for (int i = 0; i < shape.threads; i++) {
        lanes.add(
            shape.sequential ? new Sequential(open, file.bytes) : new Random(open, file.bytes, i));
      }
    }

    @Override
    public Map<String, Double> measure(int millis) throws IOException {
      Lanes.Time time = Lanes.run(millis, lanes);
      for (Reader lane : lanes) {
        file.check(lane.differences());
      }
      return Map.of("ns", time.nanos() / lanes.size(), "cpu", time.processorNanos());
    }

    @Override
    public void close() throws IOException {
      open.close();
      file.target.unlink(file.name);
    }
  }

  /** Reads of one page each, which take so long that looking at the time each time is nothing. */
  private static final class Random implements Reader {
    private final RandomReader reader = new RandomReader();

    Random(Target.Open open, long bytes, int lane) {
      reader.begin(open, bytes, lane);
    }

    @Override
    public int batch() throws IOException {
      reader.read();
      return 1;
    }

    @Override
    public long differences() {
      return reader.differences();
    }
  }

  /** Reads of many pages each, one behind the other. */
  private static final class Sequential implements Reader {
    private final Target.Open open;
    private final long bytes;
    private final ByteBuffer buffer;
    private long next;
    private long differences;

    Sequential(Target.Open open, long bytes) {
      this.open = open;
      this.bytes = bytes;
      this.buffer = Buffers.apart((int) Math.min(bytes, SEQUENTIAL_BYTES));
    }

    @Override
    public int batch() throws IOException {
      ByteBuffer into = buffer;
      long wrong = 0;
      int size = into.capacity();
      for (int i = 0; i < 4; i++) {
        long at = next;
        wrong |= open.read(into.clear(), at) ^ size;
        for (int in = 0; in < size; in += Pages.BYTES) {
          wrong |= Pages.difference(into, in, (at + in) / Pages.BYTES, 0);
        }
        next = at + size == bytes ? 0 : at + size;
      }
      differences |= wrong;
      return 4;
    }

    @Override
    public long differences() {
      return differences;
    }
  }
}
