package io.faultline.soak;

import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.random.RandomGenerator;

/** All files of a soak and which of them the mapping changers are at. Thread-safe. */
final class SoakFiles {
  private final List<SoakFile> all;
  private final AtomicReferenceArray<SoakFile> changing;

  SoakFiles(List<SoakFile> all, int changers) {
    this.all = List.copyOf(all);
    this.changing = new AtomicReferenceArray<>(Math.max(1, changers));
    for (int i = 0; i < changing.length(); i++) {
      changing.set(i, all.get(i % all.size()));
    }
  }

  List<SoakFile> all() {
    return all;
  }

  SoakFile any(RandomGenerator random) {
    return all.get(random.nextInt(all.size()));
  }

  /** A file that a changer is at. */
  SoakFile hot(RandomGenerator random) {
    return changing.get(random.nextInt(changing.length()));
  }

  void changing(int changer, SoakFile file) {
    changing.set(changer, file);
  }
}
