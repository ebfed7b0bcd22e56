package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Pages of one file written again, anywhere in it; of two threads each has every other page, so
 * that what a page must hold in the end is known. Nothing is synced in between: most of what is
 * written is dirty already, for every target.
 *
 * @param fileBytes size of the file, a power of two
 * @param threads how many write, each through a file description of its own; of several, the first
 *     half of a window is one alone
 */
record Overwriting(long fileBytes, int threads) implements Windows {
  @Override
  public Session prepare(Target target) throws IOException {
    return new Writers(
        PageFile.filled(target, "overwrite", fileBytes, PageFile.PAGE_WRITES), threads);
  }

  private static final class Writers implements Session {
    private final PageFile file;
    private final List<Target.Open> opened = new ArrayList<>();
    private final List<WriteLane> lanes = new ArrayList<>();

    Writers(PageFile file, int threads) throws IOException {
      this.file = file;
      for (int i = 0; i < threads; i++) {
        opened.add(file.open());
        lanes.add(new WriteLane(file, opened.getLast(), threads, i));
      }
    }

    @Override
    public Map<String, Double> measure(int millis) throws IOException {
      return Lanes.figures(millis, lanes);
    }

    @Override
    public void close() throws IOException {
      opened.getFirst().settle();
      file.verify();
      for (Target.Open each : opened) {
        each.close();
      }
      file.target.unlink(file.name);
    }
  }

  private static final class WriteLane implements Lanes.Lane {
    private static final int BATCH = 64;

    private final Target.Open open;
    private final int[] generations;
    private final int threads;
    private final int lane;
    private final ByteBuffer buffer = Buffers.apart(Pages.BYTES);
    private long seed;

    WriteLane(PageFile file, Target.Open open, int threads, int lane) {
      this.open = open;
      this.generations = file.generations;
      this.threads = threads;
      this.lane = lane;
      this.seed = 0x0FED_CBA9_8765_4321L * (lane + 1);
    }

    @Override
    public int batch() throws IOException {
      ByteBuffer from = buffer;
      long x = seed;
      int mask = generations.length - 1;
      for (int i = 0; i < BATCH; i++) {
        x ^= x << 13;
        x ^= x >>> 7;
        x ^= x << 17;
        int page = (int) (x >>> 20) & mask;
        page = page - page % threads + lane;
        int generation = ++generations[page];
        Pages.stamp(from, 0, page, generation);
        open.write(from.clear(), (long) page * Pages.BYTES);
      }
      seed = x;
      return BATCH;
    }
  }
}
