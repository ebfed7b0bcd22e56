package io.faultline.soak;

import io.faultline.MappedView;
import io.faultline.OpenFile;
import io.faultline.soak.oracle.FileOracle;
import io.faultline.soak.oracle.ReadClock;
import io.faultline.soak.oracle.Stamps;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.random.RandomGenerator;

/**
 * One file of a soak: how to reach it, what it may hold, and where somebody is changing it now.
 * Thread-safe.
 */
final class SoakFile {
  private static final int HINTS = 4;
  private static final int UNIT = Stamps.SUB_BLOCK_BYTES;

  private final String path;
  private final long ino;
  private final OpenFile file;
  private final MappedView view;
  private final FileOracle oracle;
  private final long bytesMax;
  private final AtomicLongArray hints = new AtomicLongArray(HINTS);
  private final AtomicInteger nextHint = new AtomicInteger();

  /** A range that a mapping changer works on, or worked on just now. */
  record Range(long offset, long length) {}

  SoakFile(ReadClock clock, String path, OpenFile file, long bytesMax) throws IOException {
    this.path = path;
    this.file = file;
    this.bytesMax = bytesMax;
    this.ino = file.status().ino();
    this.oracle = new FileOracle(clock, ino, 0);
    this.view = file.map(0, bytesMax);
    for (int i = 0; i < HINTS; i++) {
      hints.set(i, 1);
    }
  }

  String path() {
    return path;
  }

  long ino() {
    return ino;
  }

  OpenFile file() {
    return file;
  }

  MappedView view() {
    return view;
  }

  FileOracle oracle() {
    return oracle;
  }

  long bytesMax() {
    return bytesMax;
  }

  /** Tells the others where to look; both figures are multiples of 512. */
  void hint(long offset, long length) {
    int slot = Math.floorMod(nextHint.getAndIncrement(), HINTS);
    hints.set(slot, ((offset / UNIT) << 32) | Math.max(1, length / UNIT));
  }

  /** One of the last ranges that somebody told of; the newest half of the time. */
  Range hot(RandomGenerator random) {
    int back = random.nextBoolean() ? 1 : 1 + random.nextInt(HINTS);
    long packed = hints.get(Math.floorMod(nextHint.get() - back, HINTS));
    return new Range((packed >>> 32) * UNIT, (packed & 0xFFFF_FFFFL) * UNIT);
  }
}
