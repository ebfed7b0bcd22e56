package io.faultline.soak;

import io.faultline.soak.oracle.Stamps;
import java.io.IOException;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** One thread of the load: does one step after the other until the soak ends. */
abstract class Worker implements Runnable {
  static final int PAGE = 4096;
  static final int UNIT = Stamps.SUB_BLOCK_BYTES;

  private final SoakRun run;
  private final SoakFiles files;
  private final RandomGenerator random;
  private final FileTraffic traffic;
  private volatile long steps;

  /**
   * A worker.
   *
   * @param number distinct among all workers; with the seed it makes the choices
   */
  Worker(SoakRun run, SoakFiles files, int number) {
    this.run = run;
    this.files = files;
    this.random =
        RandomGeneratorFactory.of("L64X128MixRandom")
            .create(run.options().seed() * 0x9E37_79B9_7F4A_7C15L + number);
    this.traffic = new FileTraffic(run, number);
  }

  /** Does a little of this worker's work. */
  abstract void step() throws IOException;

  /** How many steps are done; a watch looks at it from outside. */
  final long steps() {
    return steps;
  }

  @Override
  // Nobody else counts.
  @SuppressWarnings("NonAtomicVolatileUpdate")
  public final void run() {
    try {
      while (run.running()) {
        step();
        steps++;
      }
    } catch (IOException | RuntimeException | Error failure) {
      // An engine that throws anything unforeseen is what a soak is there to find.
      run.report(failure);
    }
  }

  final SoakRun soak() {
    return run;
  }

  final SoakFiles files() {
    return files;
  }

  final RandomGenerator random() {
    return random;
  }

  final FileTraffic traffic() {
    return traffic;
  }

  /** Whether something that happens {@code once} in so many times happens now. */
  final boolean oneIn(int times) {
    return random.nextInt(times) == 0;
  }

  final int percent() {
    return random.nextInt(100);
  }

  /** A multiple of 512, on a page boundary half of the time, in {@code [0, below]}. */
  final long place(long below) {
    long at = random.nextLong(below / UNIT + 1) * UNIT;
    return random.nextBoolean() ? at / PAGE * PAGE : at;
  }

  /** A length between 512 and {@code most}, of whole pages half of the time; small ones prevail. */
  final int length(int most) {
    int limit = Math.max(UNIT, most >> random.nextInt(7));
    int bytes = (1 + random.nextInt(limit / UNIT)) * UNIT;
    return random.nextBoolean() ? Math.min(most, (bytes + PAGE - 1) / PAGE * PAGE) : bytes;
  }
}
