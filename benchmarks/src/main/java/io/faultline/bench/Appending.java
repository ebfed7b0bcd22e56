package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/**
 * Pages written behind each other to a file that was made empty, without a sync. Making it empty
 * and looking at what was written are not timed.
 *
 * @param fileBytes how far the file grows before it is made empty again
 */
record Appending(long fileBytes) implements Windows {
  @Override
  public Session prepare(Target target) throws IOException {
    return new Appender(target, fileBytes);
  }

  private static final class Appender implements Session, Lanes.Lane {
    private static final String NAME = "append";

    private final Target target;
    private final Target.Open open;
    private final int pages;
    private final ByteBuffer buffer = Buffers.apart(Pages.BYTES);
    private int next;
    private int generation;
    private long nanosBeside;
    private long differences;

    Appender(Target target, long fileBytes) throws IOException {
      this.target = target;
      this.open = target.open(NAME, fileBytes);
      this.pages = Math.toIntExact(fileBytes / Pages.BYTES);
    }

    @Override
    public int batch() throws IOException {
      if (next == pages) {
        long began = System.nanoTime();
        look();
        empty();
        nanosBeside += System.nanoTime() - began;
      }
      int batch = Math.min(64, pages - next);
      for (int i = 0; i < batch; i++) {
        Pages.stamp(buffer, 0, next++, generation);
        open.append(buffer.clear());
      }
      return batch;
    }

    @Override
    public long nanosBeside() {
      return nanosBeside;
    }

    private void empty() throws IOException {
      open.truncate();
      generation++;
      next = 0;
    }

    private void look() throws IOException {
      for (int page = 0; page < next; page++) {
        int read = open.read(buffer.clear(), (long) page * Pages.BYTES);
        differences |= Pages.difference(buffer, 0, page, generation) | (read ^ Pages.BYTES);
      }
    }

    @Override
    public Map<String, Double> measure(int millis) throws IOException {
      empty();
      Map<String, Double> figures = Lanes.figures(millis, List.of(this));
      figures.remove("cpu"); // which has what is not timed in it
      look();
      if (differences != 0) {
        throw new WrongDataException(
            "kind=append-lost file=%s offset=- saw=\"differences %x\" allowed=\"what was appended\""
                .formatted(NAME, differences));
      }
      return figures;
    }

    @Override
    public void close() throws IOException {
      open.close();
      target.unlink(NAME);
    }
  }
}
