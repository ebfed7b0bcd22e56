package io.faultline.engine.inode;

import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Inodes kept in the form they are stored in. Each is decoded when it is asked for, and anew each
 * time: a state of a million inodes is there before one of them is an object. Immutable, and so
 * safe for use by many threads.
 *
 * <p>An inode whose bytes are intact and no inode is a defect of who wrote them: every method that
 * decodes it throws UncheckedIOException.
 */
public interface StoredInodes {
  /** No inodes. */
  StoredInodes NONE =
      new StoredInodes() {
        @Override
        public boolean holds(long ino) {
          return false;
        }

        @Override
        public @Nullable Inode get(long ino) {
          return null;
        }

        @Override
        public int size() {
          return 0;
        }

        @Override
        public void forEach(LongPredicate numbers, Wanted wanted, Consumer<? super Inode> each) {}
      };

  /** Which inodes to decode, told by what stands at their beginning. */
  @FunctionalInterface
  interface Wanted {
    /** All of them. */
    Wanted ALL = (kind, nlink) -> true;

    boolean test(FileKind kind, int nlink);
  }

  /** Whether there is an inode of that number. */
  boolean holds(long ino);

  /** The inode, or null if there is none of that number. */
  @Nullable Inode get(long ino);

  int size();

  /** Those of {@code numbers} that are {@code wanted}, in the order of their numbers. */
  void forEach(LongPredicate numbers, Wanted wanted, Consumer<? super Inode> each);
}
