package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads of a file that nobody changes.
 *
 * @param fileBytes size of the file
 * @param spanBytes which part of it is read, a power of two
 * @param readBytes size of a read, whole pages
 * @param sequential from front to back and again, else anywhere
 * @param threads how many read; of several, the first half of a window is one alone
 * @param shared whether they share an open file
 */
record Reading(
    long fileBytes, long spanBytes, int readBytes, boolean sequential, int threads, boolean shared)
    implements Work {

  @Override
  public Session prepare(Target target) throws IOException {
    return new Readers(PageFile.filled(target, "read", fileBytes, PageFile.LARGE_WRITES), this);
  }

  private static final class Readers implements Session {
    private final PageFile file;
    private final Reading shape;
    private final List<Target.Open> opened = new ArrayList<>();
    private final List<ReadLane> lanes = new ArrayList<>();

    Readers(PageFile file, Reading shape) throws IOException {
      this.file = file;
      this.shape = shape;
      for (int i = 0; i < shape.threads; i++) {
        if (i == 0 || !shape.shared) {
          opened.add(file.open());
        }
        lanes.add(
            shape.sequential
                ? new SequentialLane(opened.getLast(), shape)
                : new RandomLane(opened.getLast(), shape, i));
      }
    }

    @Override
    public Map<String, Double> measure(int millis) throws IOException {
      Map<String, Double> figures =
          shape.threads > 2
              ? Map.of("ns", Lanes.run(millis, lanes).nanos() / shape.threads)
              : Lanes.figures(millis, lanes);
      for (ReadLane lane : lanes) {
        file.check(lane.differences);
      }
      return figures;
    }

    @Override
    public void close() throws IOException {
      for (Target.Open each : opened) {
        each.close();
      }
      file.target.unlink(file.name);
    }
  }

  /** One reader; several of its kind of buffer are made, so that those of two are far apart. */
  private abstract static class ReadLane implements Lanes.Lane {
    final Target.Open open;
    final ByteBuffer buffer;
    long differences;

    ReadLane(Target.Open open, Reading shape) {
      this.open = open;
      this.buffer = Buffers.apart(shape.readBytes);
    }
  }

  /** Reads of one page each, anywhere in the span. */
  private static final class RandomLane extends ReadLane {
    private final long pageMask;
    private final int batch;
    private long seed;

    RandomLane(Target.Open open, Reading shape, int lane) {
      super(open, shape);
      this.pageMask = shape.spanBytes / Pages.BYTES - 1;
      this.batch = shape.threads > 2 ? 1 : 64;
      this.seed = 0x1234_5678_9ABC_DEFL * (lane + 1);
    }

    @Override
    public int batch() throws IOException {
      ByteBuffer into = buffer;
      long wrong = 0;
      long x = seed;
      for (int i = 0; i < batch; i++) {
        x ^= x << 13;
        x ^= x >>> 7;
        x ^= x << 17;
        long page = x >>> 20 & pageMask;
        int read = open.read(into.clear(), page * Pages.BYTES);
        wrong |= Pages.difference(into, 0, page, 0) | (read ^ Pages.BYTES);
      }
      seed = x;
      differences |= wrong;
      return batch;
    }
  }

  /** Reads of many pages each, one behind the other. */
  private static final class SequentialLane extends ReadLane {
    private final long spanBytes;
    private long next;

    SequentialLane(Target.Open open, Reading shape) {
      super(open, shape);
      this.spanBytes = shape.spanBytes;
    }

    @Override
    public int batch() throws IOException {
      ByteBuffer into = buffer;
      long wrong = 0;
      int bytes = into.capacity();
      for (int i = 0; i < 4; i++) {
        long at = next;
        wrong |= open.read(into.clear(), at) ^ bytes;
        for (int in = 0; in < bytes; in += Pages.BYTES) {
          wrong |= Pages.difference(into, in, (at + in) / Pages.BYTES, 0);
        }
        next = at + bytes == spanBytes ? 0 : at + bytes;
      }
      differences |= wrong;
      return 4;
    }
  }
}
