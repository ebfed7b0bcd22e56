package io.faultline.persistence.history;

import io.faultline.engine.inode.Event;
import io.faultline.engine.journal.Tx;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Follows the names of a volume through its transactions without its states, so that events can be
 * shown with the path their inode had then. Not thread-safe.
 */
public final class NamedEvents {
  /** The names around one transaction. */
  public static final class Names {
    private final Map<Long, String> paths;
    private final BitSet concerned;

    private Names(Map<Long, String> paths, BitSet concerned) {
      this.paths = paths;
      this.concerned = concerned;
    }

    /** The path of an inode behind the transaction; before it, if it has none behind it. */
    public String path(long ino) {
      return paths.getOrDefault(ino, "ino:" + ino);
    }

    /** Whether event {@code index} has to do with the path that was asked for. */
    public boolean concerned(int index) {
      return concerned.get(index);
    }
  }

  /** Of a transaction whose names nobody followed. */
  public static final Names NONE = new Names(Map.of(), new BitSet());

  private final NameIndex index;

  /** From the first transaction on. */
  public NamedEvents() {
    this(new NameIndex());
  }

  /** Behind a state with these names, which change from now on. */
  public NamedEvents(NameIndex start) {
    this.index = start;
  }

  /**
   * Takes the next transaction.
   *
   * @param path which of its events {@link Names#concerned} is to tell: those of the inode that the
   *     path leads to just before or just behind it, and those that change one of its names
   */
  public Names step(Tx tx, @Nullable String path) {
    Map<Long, String> paths = new HashMap<>();
    BitSet concerned = new BitSet();
    Set<Long> wanted = new HashSet<>();
    if (path != null) {
      index.find(path).ifPresent(wanted::add);
      mark(tx, path, concerned);
    }
    for (Event event : tx.events()) {
      paths.computeIfAbsent(event.ino(), index::path);
    }
    tx.events().forEach(index::apply);
    for (Event event : tx.events()) {
      String after = index.path(event.ino());
      if (!after.startsWith("ino:")) {
        paths.put(event.ino(), after);
      }
    }
    if (path != null) {
      index.find(path).ifPresent(wanted::add);
      mark(tx, path, concerned);
      for (int i = 0; i < tx.events().size(); i++) {
        if (wanted.contains(tx.events().get(i).ino())) {
          concerned.set(i);
        }
      }
    }
    return new Names(paths, concerned);
  }

  private void mark(Tx tx, String path, BitSet concerned) {
    for (int i = 0; i < tx.events().size(); i++) {
      if (index.concerns(path, tx.events().get(i))) {
        concerned.set(i);
      }
    }
  }
}
