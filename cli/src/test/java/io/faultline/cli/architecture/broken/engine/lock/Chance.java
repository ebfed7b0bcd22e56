package io.faultline.cli.architecture.broken.engine.lock;

import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;

/** Breaks a rule on purpose: time and chance of the machine. The seeded generator is allowed. */
public final class Chance {
  private Chance() {}

  /** A number nobody can repeat. */
  public static double draw(long seed) throws InterruptedException {
    Thread.sleep(1);
    LongSupplier clock = System::nanoTime;
    return clock.getAsLong()
        + System.currentTimeMillis()
        + Math.random()
        + new Random().nextDouble()
        + new Random(seed).nextDouble()
        + List.of(1).parallelStream().count();
  }
}
