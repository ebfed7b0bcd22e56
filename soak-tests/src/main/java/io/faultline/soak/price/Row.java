package io.faultline.soak.price;

import static io.faultline.soak.price.PagePattern.PAGE_BYTES;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One row of the price list: a load, and what of it is counted.
 *
 * @param key for programs, unique
 * @param title for people
 * @param unit of what is counted per second
 * @param besideUnit of what the threads beside them do per second; empty if there are none
 * @param aloneKey the row whose rate the readers of this one keep a part of; null if there is none
 * @param ofTruncate whether a contender that only truncates takes part
 * @param load what is run
 */
record Row(
    String key,
    String title,
    String unit,
    String besideUnit,
    @Nullable String aloneKey,
    boolean ofTruncate,
    Measured load) {

  /** One guard, one round. */
  @FunctionalInterface
  interface Measured {
    Sample of(Contender contender, long millis) throws IOException;
  }

  /**
   * What came out.
   *
   * @param perSecond what {@link Row#unit} says
   * @param nanos how long one took
   * @param besidePerSecond what {@link Row#besideUnit} says
   */
  record Sample(double perSecond, Histogram nanos, double besidePerSecond) {}

  private static final int CHUNK_PAGES = 16;
  private static final int SMALL_BYTES = 64 << 10;

  /** All rows in the order in which they are measured and printed. */
  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    for (int readers = 1; readers <= 2; readers++) {
      String alone = "read" + readers;
      rows.add(reads(alone, readers(readers), null, readers, 0));
      for (int kib : new int[] {4, 128, 1024}) {
        String key = alone + "Write" + kib + "k";
        String title = readers(readers) + " beside a writer of " + kib + " KiB";
        rows.add(reads(key, title, alone, readers, kib));
      }
    }
    for (int readers = 1; readers <= 2; readers++) {
      rows.add(punches(readers));
    }
    rows.add(truncates());
    for (int readers = 1; readers <= 2; readers++) {
      rows.add(misses(readers));
    }
    rows.add(punchBesideFills());
    rows.add(fillBesidePunches());
    return rows;
  }

  private static String readers(int threads) {
    return threads + (threads == 1 ? " reader" : " readers");
  }

  private static SplittableRandom random(int number) {
    return new SplittableRandom(number + 1L);
  }

  /** Random page reads in {@code [from, to)} of a file. */
  private static Load.Body reading(PricedFile file, int from, int to) {
    return number -> {
      SplittableRandom random = random(number);
      ByteBuffer buffer = PagePattern.buffer(1);
      return () -> file.read(random.nextInt(from, to), buffer);
    };
  }

  /** One operation that does not say how long it took. */
  @FunctionalInterface
  private interface Act {
    void run() throws IOException;
  }

  /** As {@link Load.Body}. */
  @FunctionalInterface
  private interface Acting {
    Act on(int number) throws IOException;
  }

  private static Load.Body timed(Acting acting) {
    return number -> {
      Act act = acting.on(number);
      return () -> {
        long began = System.nanoTime();
        act.run();
        return System.nanoTime() - began;
      };
    };
  }

  private static Row reads(
      String key, String title, @Nullable String alone, int readers, int writeKib) {
    int pages = writeKib * 1024 / PAGE_BYTES;
    return new Row(
        key,
        title,
        "reads",
        writeKib == 0 ? "" : "writes",
        alone,
        false,
        (contender, millis) -> {
          PricedFile file = contender.hot();
          Load load = new Load().with(readers, reading(file, 0, file.pages()));
          if (writeKib > 0) {
            load.with(1, writing(file, pages));
          }
          return sample(load.run(millis));
        });
  }

  private static Load.Body writing(PricedFile file, int pages) {
    return timed(
        number -> {
          SplittableRandom random = random(100 + number);
          ByteBuffer buffer = PagePattern.buffer(pages);
          return () -> {
            file.write(random.nextInt(file.pages() / pages) * pages, pages, buffer);
          };
        });
  }

  private static Row punches(int readers) {
    return new Row(
        "punch" + readers,
        readers(readers) + " beside punch and refill of 64 KiB",
        "reads",
        "pairs",
        "read" + readers,
        false,
        (contender, millis) -> {
          PricedFile file = contender.hot();
          Load.Body pairs =
              timed(
                  number -> {
                    SplittableRandom random = random(200 + number);
                    ByteBuffer buffer = PagePattern.buffer(CHUNK_PAGES);
                    return () -> {
                      int at = random.nextInt(file.pages() / CHUNK_PAGES) * CHUNK_PAGES;
                      file.punch(at, CHUNK_PAGES);
                      file.write(at, CHUNK_PAGES, buffer);
                    };
                  });
          Load load = new Load().with(readers, reading(file, 0, file.pages())).with(1, pairs);
          return sample(load.run(millis));
        });
  }

  private static Row truncates() {
    return new Row(
        "truncate",
        "truncate of a small file, up and down in turn",
        "truncates",
        "",
        null,
        true,
        (contender, millis) -> {
          Load.Body body =
              timed(
                  number -> {
                    boolean[] large = new boolean[1];
                    return () -> {
                      large[0] = !large[0];
                      contender.small().truncate(large[0] ? SMALL_BYTES : PAGE_BYTES);
                    };
                  });
          long before = contender.exclusives();
          Sample sample = sample(new Load().with(1, body).run(millis));
          if (contender.truncatesOnly() && contender.exclusives() > before) {
            throw new IOException("truncate took the mapping lock where it was to go without");
          }
          return sample;
        });
  }

  private static Row misses(int readers) {
    return new Row(
        "miss" + readers,
        readers(readers) + " of a file that the cache does not hold",
        "reads",
        "fills",
        null,
        false,
        (contender, millis) -> {
          PricedFile file = contender.cold();
          long before = contender.fills();
          Load.Done done =
              new Load().with(readers, reading(file, 0, file.pages())).run(millis).getFirst();
          long fills = contender.fills() - before;
          double perFill = done.operations() == 0 ? 0 : (double) fills / done.operations();
          return new Sample(done.perSecond(), done.nanos(), done.perSecond() * perFill);
        });
  }

  private static Load.Body punching(PricedFile file) {
    return timed(
        number -> {
          SplittableRandom random = random(300 + number);
          return () -> {
            file.punch(random.nextInt(file.pages() / 4) + number * (file.pages() / 4), 1);
          };
        });
  }

  /** Invariant I11, one way: what a punch waits for while misses never stop. */
  private static Row punchBesideFills() {
    return new Row(
        "fairPunch",
        "fairness: a puncher beside two readers that miss all the time",
        "punches",
        "reads",
        null,
        false,
        (contender, millis) -> {
          PricedFile file = contender.half();
          return sample(
              new Load()
                  .with(1, punching(file))
                  .with(2, reading(file, file.pages() / 2, file.pages()))
                  .run(millis));
        });
  }

  /** Invariant I11, the other way: what a fill waits for while punches never stop. */
  private static Row fillBesidePunches() {
    return new Row(
        "fairFill",
        "fairness: a reader that misses beside two punchers that never stop",
        "reads",
        "punches",
        null,
        false,
        (contender, millis) -> {
          PricedFile file = contender.half();
          return sample(
              new Load()
                  .with(1, reading(file, file.pages() / 2, file.pages()))
                  .with(2, punching(file))
                  .run(millis));
        });
  }

  private static Sample sample(List<Load.Done> groups) {
    Load.Done first = groups.getFirst();
    double beside = groups.size() == 1 ? 0 : groups.get(1).perSecond();
    return new Sample(first.perSecond(), first.nanos(), beside);
  }
}
