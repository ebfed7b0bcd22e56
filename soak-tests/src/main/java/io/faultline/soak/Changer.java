package io.faultline.soak;

import java.io.IOException;

/**
 * Changes mappings: truncates down and up, punches, zeroes, allocates, several times in one file
 * before the next, and looks at once at what it left.
 */
final class Changer extends Worker {
  private static final int STAY = 32;
  private static final int LOOK_BYTES_MAX = 64 << 10;

  private final int place;
  private SoakFile file;
  private int left = STAY;

  /**
   * A changer.
   *
   * @param place its own among the changers, from 0
   */
  Changer(SoakRun run, SoakFiles files, int number, int place) {
    super(run, files, number);
    this.place = place;
    this.file = files.any(random());
    files.changing(place, file);
  }

  @Override
  void step() throws IOException {
    if (--left == 0) {
      left = STAY;
      file = files().any(random());
      files().changing(place, file);
    }
    // Appends of several writers may have gone a little beyond.
    long size = Math.min(file.bytesMax(), file.oracle().sizeBytes());
    int choice = percent();
    if (choice < 58 && size > 0) {
      punch(size);
    } else if (choice < 70) {
      zero(size);
    } else if (choice < 82 && size > 0) {
      truncateDown(size);
    } else if (choice < 91) {
      long size2 = Math.min(file.bytesMax(), size + length(256 << 10));
      file.hint(size, size2 - size);
      traffic().truncate(file, size2);
      look(size, size2 - size);
    } else {
      allocate(size);
    }
  }

  private void punch(long size) throws IOException {
    long offset = place(size - UNIT);
    long length = length(soak().refilling() ? 4 * PAGE : oneIn(16) ? 512 << 10 : 64 << 10);
    // Told before, so that readers and faulters are there when it happens.
    file.hint(offset, Math.min(length, size - offset));
    long punched = oneIn(4) ? length : Math.max(UNIT, Math.min(length, size - offset));
    traffic().punch(file, offset, Math.min(punched, file.bytesMax() - offset));
    look(offset, length);
  }

  private void zero(long size) throws IOException {
    boolean keep = oneIn(2);
    long below = keep ? size : Math.min(file.bytesMax() - UNIT, size + 4 * PAGE);
    long offset = place(Math.min(below, file.bytesMax() - UNIT));
    long length = Math.min(length(64 << 10), file.bytesMax() - offset);
    file.hint(offset, length);
    traffic().zero(file, offset, length, keep);
    look(offset, length);
  }

  private void truncateDown(long size) throws IOException {
    long cut = length(oneIn(16) && !soak().refilling() ? 1 << 20 : 64 << 10);
    long size2 = Math.max(0, size - cut);
    file.hint(size2, size - size2);
    traffic().truncate(file, size2);
    look(size2 / PAGE * PAGE, size - size2);
    if (oneIn(2)) {
      // At once up again: what was cut off must have become zeros.
      traffic().truncate(file, size);
      look(size2, size - size2);
    }
  }

  private void allocate(long size) throws IOException {
    long offset = place(Math.min(size, file.bytesMax() - UNIT));
    long length = Math.min(length(64 << 10), file.bytesMax() - offset);
    file.hint(offset, length);
    traffic().allocate(file, offset, length, oneIn(2));
    look(offset, length);
  }

  private void look(long offset, long length) throws IOException {
    int bytes = (int) Math.min(LOOK_BYTES_MAX, Math.max(UNIT, length));
    if (oneIn(4)) {
      traffic().load(file, Math.min(offset, file.bytesMax() - bytes), bytes);
    } else {
      traffic().read(file, offset, bytes, false);
    }
  }
}
