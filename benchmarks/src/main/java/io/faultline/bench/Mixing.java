package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * One reader of pages, anywhere in a file, alone for a third of the window and then beside one that
 * changes the file.
 *
 * @param fileBytes size of the file, a power of two
 * @param changeBytes size of a write, a power of two
 * @param punches whether the range is punched before it is written
 */
record Mixing(long fileBytes, int changeBytes, boolean punches) implements Windows {
  @Override
  public Session prepare(Target target) throws IOException {
    return new Pair(PageFile.filled(target, "mixed", fileBytes, PageFile.PAGE_WRITES), this);
  }

  private static final class Pair implements Session {
    private final PageFile file;
    private final Reader reader;
    private final Changer changer;

    Pair(PageFile file, Mixing shape) throws IOException {
      this.file = file;
      this.reader = new Reader(file, shape.punches);
      this.changer = new Changer(file, shape);
    }

    @Override
    public Map<String, Double> measure(int millis) throws IOException {
      Map<String, Double> figures = new HashMap<>();
      reader.nanos.reset();
      double alone = Lanes.run(millis / 3, List.of(reader)).nanos();
      double tailAlone = reader.nanos.getValueAtPercentile(99.9);
      reader.nanos.reset();
      List<Lanes.Time> both = Lanes.run(millis - millis / 3, List.of(reader, changer)).lanes();
      double tail = reader.nanos.getValueAtPercentile(99.9);
      file.check(reader.differences);
      figures.put("alone", alone);
      figures.put("ns", both.get(0).nanos());
      figures.put("kept", alone / both.get(0).nanos());
      figures.put("changeNs", both.get(1).nanos());
      figures.put("p999", tail);
      figures.put("p999Times", tail / tailAlone);
      return figures;
    }

    @Override
    public void close() throws IOException {
      changer.open.settle();
      file.verify();
      reader.open.close();
      changer.open.close();
      file.target.unlink(file.name);
    }
  }

  private static final class Reader implements Lanes.Lane {
    private static final int BATCH = 8;

    final Target.Open open;
    final Histogram nanos = new Histogram(3);
    long differences;
    private final int mask;
    private final boolean holes;
    private final boolean atomic;
    private final ByteBuffer buffer = Buffers.apart(Pages.BYTES);
    private long seed = 0x1234_5678_9ABC_DEFL;

    Reader(PageFile file, boolean holes) throws IOException {
      this.open = file.open();
      this.mask = file.pages() - 1;
      this.holes = holes;
      this.atomic = file.target.atomicPages();
    }

    /** One read of a batch is timed alone: asking for the time costs a tenth of a read. */
    @Override
    public int batch() throws IOException {
      long wrong = 0;
      long began = System.nanoTime();
      wrong |= read();
      nanos.recordValue(System.nanoTime() - began);
      for (int i = 1; i < BATCH; i++) {
        wrong |= read();
      }
      differences |= wrong;
      return BATCH;
    }

    private long read() throws IOException {
      long x = seed;
      x ^= x << 13;
      x ^= x >>> 7;
      x ^= x << 17;
      seed = x;
      int page = (int) (x >>> 20) & mask;
      int read = open.read(buffer.clear(), (long) page * Pages.BYTES);
      long wrong =
          holes
              ? Pages.strangeOrHole(buffer, 0, page, atomic)
              : Pages.strange(buffer, 0, page, atomic);
      return wrong | (read ^ Pages.BYTES);
    }
  }

  private static final class Changer implements Lanes.Lane {
    final Target.Open open;
    private final int[] generations;
    private final boolean punches;
    private final ByteBuffer buffer;
    private long seed = 0x0FED_CBA9_8765_4321L;

    Changer(PageFile file, Mixing shape) throws IOException {
      this.open = file.open();
      this.generations = file.generations;
      this.punches = shape.punches;
      this.buffer = Buffers.apart(shape.changeBytes);
    }

    @Override
    public int batch() throws IOException {
      long x = seed;
      x ^= x << 13;
      x ^= x >>> 7;
      x ^= x << 17;
      seed = x;
      int pages = buffer.capacity() / Pages.BYTES;
      int first = (int) (x >>> 20) & generations.length - 1 & -pages;
      for (int i = 0; i < pages; i++) {
        Pages.stamp(buffer, i * Pages.BYTES, first + i, ++generations[first + i]);
      }
      long offset = (long) first * Pages.BYTES;
      if (punches) {
        open.punch(offset, buffer.capacity());
      }
      open.write(buffer.clear(), offset);
      return 1;
    }
  }
}
