package io.faultline.soak;

import java.io.IOException;

/** Loads and stores through mapped views, mostly where a changer is at work. */
final class Faulter extends Worker {
  private static final int LOAD_BYTES_MAX = 64 << 10;
  private static final int STORE_BYTES_MAX = 16 << 10;

  Faulter(SoakRun run, SoakFiles files, int number) {
    super(run, files, number);
  }

  @Override
  void step() throws IOException {
    boolean hot = percent() < 65;
    SoakFile file = hot ? files().hot(random()) : files().any(random());
    SoakFile.Range range = file.hot(random());
    long from = hot ? range.offset() : place(file.oracle().sizeBytes());
    if (percent() < 70) {
      load(file, from, hot ? range.length() : LOAD_BYTES_MAX);
    } else {
      long offset = Math.min(file.bytesMax() - UNIT, from + place(Math.min(range.length(), PAGE)));
      long room = file.bytesMax() - offset;
      traffic().store(file, offset, (int) Math.min(room, length(STORE_BYTES_MAX)));
    }
  }

  private void load(SoakFile file, long from, long span) throws IOException {
    if (oneIn(8)) {
      long offset = Math.min(file.bytesMax() - 1, from + random().nextInt(PAGE));
      traffic().load(file, offset, 1);
      return;
    }
    if (oneIn(8)) {
      long room = file.bytesMax() - from;
      if (room > 0) {
        traffic().load(file, from, (int) Math.min(room, length(LOAD_BYTES_MAX)));
      }
      return;
    }
    // A fault is one page: one load each, as a processor does.
    long end = Math.min(file.bytesMax(), from + Math.min(span, 8 * PAGE));
    for (long at = from / PAGE * PAGE; at + PAGE <= end && soak().running(); at += PAGE) {
      traffic().load(file, at, PAGE);
    }
  }
}
