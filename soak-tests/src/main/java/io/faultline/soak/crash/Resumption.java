package io.faultline.soak.crash;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a volume does that is opened behind a crash: it shows what it recovered, is synced, and is
 * used so that whatever recovery left undone has consequences. Its files grow over the ends that
 * the crash left, and another file is synced: what that commits must not show what lay behind them.
 * Where there were checkpoints it takes one more.
 *
 * @param history what was found and what was done with it, null if that went wrong
 * @param problem what went wrong; empty if nothing
 */
record Resumption(@Nullable History history, String problem) {

  /**
   * Opens what {@code medium} holds and uses it.
   *
   * @param fast what {@link ReplayRecovery} says of it, with which the opened volume must agree
   */
  static Resumption of(Medium medium, ReplayRecovery.Outcome fast) {
    CrashVolume volume = null;
    try {
      volume = CrashVolume.open(medium);
      String differs = difference(volume, fast);
      if (!differs.isEmpty()) {
        return failed("paths-differ: " + differs);
      }
      Found found = volume.look();
      String fsck = volume.fsck();
      if (!fsck.isEmpty()) {
        return failed("fsck: of the opened volume: " + fsck);
      }
      History history =
          new History(
              () -> ModelImage.of(found),
              steps(found, !medium.directory(CrashVolume.CHECKPOINT).list().isEmpty()));
      String problem = Recording.play(volume, medium, history);
      if (problem.isEmpty()) {
        String wrong = history.differenceFromAll(volume.look());
        problem = wrong.isEmpty() ? "" : "resumed " + wrong;
      }
      if (problem.isEmpty() && !volume.fsck().isEmpty()) {
        problem = "fsck: of the volume used: " + volume.fsck();
      }
      return new Resumption(history, problem);
    } catch (IOException | RuntimeException | Error e) {
      return failed((volume == null ? "refused: by the opening: " : "error: ") + e);
    } finally {
      if (volume != null) {
        volume.abandon();
      }
    }
  }

  private static Resumption failed(String problem) {
    return new Resumption(null, problem);
  }

  /** Where the two ways to recover do not come to the same. */
  private static String difference(CrashVolume volume, ReplayRecovery.Outcome fast)
      throws IOException {
    ReplayRecovery.Outcome full = ReplayRecovery.outcome(volume.recovered(), volume.recoveredLsn());
    if (full.lastLsn() != fast.lastLsn()) {
      return "transaction " + full.lastLsn() + " is the last, and " + fast.lastLsn();
    }
    if (!full.found().names().equals(fast.found().names()) || !full.files().equals(fast.files())) {
      return "the replay has " + fast.files() + ", the volume " + full.files();
    }
    Found shown = volume.look();
    for (Map.Entry<Long, Found.Content> entry : shown.contents().entrySet()) {
      Found.Content other = fast.found().contents().get(entry.getKey());
      if (other == null
          || !java.util.Arrays.equals(Found.bytesOf(other), Found.bytesOf(entry.getValue()))) {
        return "the bytes of inode " + entry.getKey();
      }
    }
    return "";
  }

  private static List<Step> steps(Found found, boolean checkpoint) {
    List<String> lines = new ArrayList<>(List.of("sync"));
    String free = "/z";
    while (found.names().containsKey(free)) {
      free += "z";
    }
    int grown = 0;
    for (Map.Entry<String, Found.Named> entry : found.names().entrySet()) {
      Found.Content content = found.contents().get(entry.getValue().ino());
      if (content != null && content.size() % Block.BYTES != 0 && grown < 2) {
        String grow = grown++ == 0 ? "allocate %s %d 5000" : "write %s %d 100 99";
        lines.add(grow.formatted(entry.getKey(), content.size() + 600));
      }
    }
    lines.add("create " + free);
    lines.add("fsync " + free);
    if (checkpoint) {
      lines.add("checkpoint");
    }
    return Step.parseAll(String.join("; ", lines));
  }
}
