package io.faultline.soak;

import java.io.IOException;

/** Overwrites, appends and extends; syncs now and then; changes names and drops caches rarely. */
final class Writer extends Worker {
  private static final int WRITE_BYTES_MAX = 128 << 10;

  private final NameTraffic names;

  Writer(SoakRun run, SoakFiles files, NameTraffic names, int number) {
    super(run, files, number);
    this.names = names;
  }

  @Override
  void step() throws IOException {
    int choice = random().nextInt(4096);
    if (choice == 0) {
      soak().volume().dropCaches();
      soak().counts().count(OpKind.DROP_CACHES);
    } else if (choice < 64) {
      names.step(soak(), random());
    } else if (choice < 128) {
      traffic().sync(files().any(random()), oneIn(2));
    } else {
      write();
    }
  }

  private void write() throws IOException {
    boolean hot = percent() < 35;
    SoakFile file = hot ? files().hot(random()) : files().any(random());
    long size = file.oracle().sizeBytes();
    int choice = percent();
    int length = soak().refilling() ? WRITE_BYTES_MAX : length(WRITE_BYTES_MAX);
    if (choice < 15 && size + length <= file.bytesMax()) {
      traffic().append(file, length);
      return;
    }
    if (choice < 25) {
      long offset = size + place(oneIn(2) ? 0 : 8 * PAGE);
      if (offset + length <= file.bytesMax()) {
        traffic().write(file, offset, length);
        return;
      }
    }
    long offset = hot ? file.hot(random()).offset() : place(Math.max(0, size - UNIT));
    int room = (int) Math.min(length, file.bytesMax() - offset);
    if (room > 0) {
      traffic().write(file, offset, room);
    }
  }
}
