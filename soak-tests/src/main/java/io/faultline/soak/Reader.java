package io.faultline.soak;

import io.faultline.Advice;
import java.io.IOException;

/**
 * Reads at random, in sequence, and above all where a changer is at work; now and then tells the
 * engine what it will read.
 */
final class Reader extends Worker {
  private static final int READ_BYTES_MAX = 256 << 10;
  private static final Advice[] HINTS = {Advice.NORMAL, Advice.SEQUENTIAL, Advice.RANDOM};

  private final ImportedTree imported;

  Reader(SoakRun run, SoakFiles files, ImportedTree imported, int number) {
    super(run, files, number);
    this.imported = imported;
  }

  @Override
  void step() throws IOException {
    int choice = percent();
    if (choice < 55) {
      followChanger();
    } else if (choice < 75) {
      readAnywhere();
    } else if (choice < 83) {
      readInSequence();
    } else if (choice < 92) {
      announce();
    } else if (choice < 97) {
      SoakFile file = files().hot(random());
      SoakFile.Range range = file.hot(random());
      traffic().advise(file, range.offset(), range.length(), Advice.DONT_NEED);
    } else {
      readImported();
    }
  }

  /** Page by page through a range that is being changed: each page may have to be filled. */
  private void followChanger() throws IOException {
    SoakFile file = files().hot(random());
    SoakFile.Range range = file.hot(random());
    long from = Math.max(0, range.offset() - random().nextInt(PAGE));
    long end = Math.min(range.offset() + range.length() + PAGE, from + 16 * PAGE);
    int length = oneIn(2) ? PAGE : 1 + random().nextInt(2 * PAGE);
    for (long at = from; at < end && soak().running(); at += length) {
      traffic().read(file, at, length, false);
    }
  }

  private void readAnywhere() throws IOException {
    SoakFile file = files().any(random());
    long below = file.oracle().sizeBytes() + PAGE;
    long offset = oneIn(3) ? random().nextLong(below) : place(below);
    int length = oneIn(4) ? 1 + random().nextInt(READ_BYTES_MAX) : length(READ_BYTES_MAX);
    traffic().read(file, offset, length, oneIn(4));
  }

  private void readInSequence() throws IOException {
    SoakFile file = files().any(random());
    long at = place(file.oracle().sizeBytes());
    int length = PAGE << random().nextInt(5);
    for (int i = 0; i < 16 && soak().running() && at < file.oracle().sizeBytes(); i++) {
      traffic().read(file, at, length, false);
      at += length;
    }
  }

  private void announce() throws IOException {
    if (oneIn(4)) {
      SoakFile file = files().any(random());
      traffic().advise(file, 0, 0, HINTS[random().nextInt(HINTS.length)]);
      return;
    }
    boolean hot = oneIn(2);
    SoakFile file = hot ? files().hot(random()) : files().any(random());
    SoakFile.Range range = file.hot(random());
    long offset = hot ? range.offset() : place(file.oracle().sizeBytes());
    traffic().advise(file, offset, length(READ_BYTES_MAX), Advice.WILL_NEED);
  }

  private void readImported() throws IOException {
    if (imported.isEmpty()) {
      readAnywhere();
      return;
    }
    imported.readSome(soak(), random());
  }
}
