package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A file read from front to back that is in no cache. One window is the whole file, whatever time
 * it takes; {@code ns} is nanoseconds a MiB.
 *
 * @param fileBytes size of the file, a multiple of 4 MiB
 */
record ColdReading(long fileBytes) implements Windows {
  private static final int READ_BYTES = 1 << 20;

  @Override
  public Session prepare(Target target) throws IOException {
    PageFile file = PageFile.filled(target, "cold", fileBytes, PageFile.LARGE_WRITES);
    List<Stripe> stripes = new ArrayList<>();
    for (int i = 0; i < target.requestsInFlight(); i++) {
      stripes.add(new Stripe(file, i, target.requestsInFlight()));
    }
    return new Session() {
      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        stripes.getFirst().open.dropCache();
        // Every lane stops after its stripe of the file.
        long began = System.nanoTime();
        Lanes.run(0, stripes);
        double nanos = System.nanoTime() - began;
        for (Stripe stripe : stripes) {
          file.check(stripe.differences);
        }
        double perMebibyte = nanos / (fileBytes >> 20);
        return Map.of("ns", perMebibyte, "MBs", READ_BYTES * 1e3 / perMebibyte);
      }

      @Override
      public void close() throws IOException {
        for (Stripe stripe : stripes) {
          stripe.open.close();
        }
        target.unlink(file.name);
      }
    };
  }

  /** Every {@code of}-th MiB. */
  private static final class Stripe implements Lanes.Lane {
    final Target.Open open;
    long differences;
    private final long bytes;
    private final long first;
    private final long step;
    private final ByteBuffer buffer = Buffers.apart(READ_BYTES);

    Stripe(PageFile file, int index, int of) throws IOException {
      this.open = file.open();
      this.bytes = file.bytes;
      this.first = (long) index * READ_BYTES;
      this.step = (long) of * READ_BYTES;
    }

    @Override
    public int batch() throws IOException {
      long wrong = 0;
      for (long at = first; at < bytes; at += step) {
        wrong |= open.read(buffer.clear(), at) ^ READ_BYTES;
        for (int in = 0; in < READ_BYTES; in += Pages.BYTES) {
          wrong |= Pages.difference(buffer, in, (at + in) / Pages.BYTES, 0);
        }
      }
      differences |= wrong;
      return 1;
    }
  }
}
