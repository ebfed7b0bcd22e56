package io.faultline.soak.crash;

import io.faultline.engine.runtime.Barrier;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/** Which sequence of the fixed sample is the first to show that a barrier was left out. */
public final class Omissions {
  /**
   * One barrier.
   *
   * @param sequences how many had been explored by then, this one included
   */
  public record Row(Barrier site, int sequences, Optional<CrashFinding> finding) {
    /** One line: the site, where it is, the sequence and what was found. */
    public String text() {
      String how =
          finding
              .map(f -> "%4d  %-8s  %s".formatted(sequences, f.kind(), f.trail()))
              .orElse("NOT FOUND in " + sequences + " sequences");
      return "%-30s %-36s %s".formatted(site.site(), site.place(), how);
    }
  }

  private Omissions() {}

  /** Leaves out {@code site} and explores the sample until that shows. */
  public static Row search(Barrier site, long seed) throws IOException {
    Explorer explorer = new Explorer(new UUID(0x4f4d4954L, 1), Explorer.Shares.USUAL, seed);
    explorer.prepare();
    int explored = 0;
    try {
      Barrier.omit(site);
      for (Sequences.Case sequence : Sequences.sample()) {
        explored++;
        Optional<CrashFinding> finding = explorer.explore(sequence);
        if (finding.isPresent()) {
          return new Row(site, explored, finding);
        }
      }
    } finally {
      Barrier.omit(null);
    }
    return new Row(site, explored, Optional.empty());
  }
}
