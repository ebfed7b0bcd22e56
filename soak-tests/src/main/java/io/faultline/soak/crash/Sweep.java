package io.faultline.soak.crash;

import io.faultline.soak.crash.TapeEvent.Change;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/**
 * Goes along a tape and knows at each moment what is durable and what a power cut may still take.
 * Not thread-safe.
 */
final class Sweep {
  private final MediaState durable;
  private final List<Change> pending = new ArrayList<>();
  private int begun;
  private int acknowledged;
  private boolean made;
  private boolean opened;

  /** Before the first event of a tape that began with everything in {@code base} durable. */
  Sweep(MediaState base) {
    durable = base.copy();
    made = base.file(CrashVolume.VOLUME_NAME) != null;
  }

  /** Goes behind one more event. */
  void step(TapeEvent event) {
    switch (event) {
      case TapeEvent.ImageWritten w -> {
        for (int i = 0; i < w.blocks().size(); i++) {
          pending.add(new TapeEvent.BlockWritten(w.first() + i, w.blocks().get(i)));
        }
      }
      case Change change -> pending.add(change);
      case TapeEvent.ImageFlushed _ -> settle(TapeEvent.BlockWritten.class::isInstance);
      case TapeEvent.FileSynced s ->
          settle(
              c ->
                  (c instanceof TapeEvent.FileWritten w && w.file() == s.file())
                      || (c instanceof TapeEvent.FileCut cut && cut.file() == s.file()));
      case TapeEvent.DirectorySynced s -> settle(c -> namesIn(c, s.directory()));
      case TapeEvent.Began b -> begun = b.step();
      case TapeEvent.Acknowledged a -> acknowledged = a.step();
      case TapeEvent.Made _ -> made = true;
      case TapeEvent.Opened _ -> opened = true;
    }
  }

  private static boolean namesIn(Change change, String directory) {
    String path =
        switch (change) {
          case TapeEvent.FileCreated c -> c.path();
          case TapeEvent.NameRemoved r -> r.path();
          case TapeEvent.NameMoved m -> m.to();
          default -> "";
        };
    return path.startsWith(directory + "/");
  }

  private void settle(Predicate<Change> covered) {
    for (Iterator<Change> all = pending.iterator(); all.hasNext(); ) {
      Change change = all.next();
      if (covered.test(change)) {
        durable.apply(change);
        all.remove();
      }
    }
  }

  /** Whether the names of a directory are not durable. */
  boolean namesPendingIn(String directory) {
    return pending.stream().anyMatch(change -> namesIn(change, directory));
  }

  /** What may be lost, in the order in which it was done. */
  List<Change> pending() {
    return pending;
  }

  /** Operations begun so far. */
  int begun() {
    return begun;
  }

  /** Operations acknowledged so far. */
  int acknowledged() {
    return acknowledged;
  }

  /** Whether the volume's creation has returned. */
  boolean made() {
    return made;
  }

  /** Whether the volume was open. */
  boolean opened() {
    return opened;
  }

  /** What a power cut at this moment leaves if it leaves what {@code choice} says. */
  MediaState cut(Choice choice) {
    MediaState left = durable.copy();
    for (int i = 0; i < pending.size(); i++) {
      if (choice.torn() == i) {
        left.applyTorn(pending.get(i), choice.amount());
      } else if (choice.kept().get(i)) {
        left.apply(pending.get(i));
      }
    }
    return left;
  }
}
