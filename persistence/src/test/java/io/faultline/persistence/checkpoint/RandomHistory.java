package io.faultline.persistence.checkpoint;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.extent.ExtentMap;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Transactions that could have happened: each fits the state before it. A function of its seed.
 * Times go up by one second a transaction.
 */
final class RandomHistory {
  static final long START_NANOS = 1_795_000_000_000_000_000L;
  static final long STEP_NANOS = 1_000_000_000L;

  private final Random random;
  private final InodeTable table = new InodeTable();
  private final List<Long> files = new ArrayList<>();
  private final List<Long> directories = new ArrayList<>();
  private long nextBlock = 1;
  private long lsn;
  private List<Event> events = new ArrayList<>();

  RandomHistory(long seed) {
    random = new Random(seed);
  }

  /** The state behind the newest transaction. */
  InodeTable table() {
    return table;
  }

  long lsn() {
    return lsn;
  }

  /** When transaction {@code lsn} happened. */
  static long timeOf(long lsn) {
    return START_NANOS + lsn * STEP_NANOS;
  }

  List<Tx> next(int count, long epoch) {
    List<Tx> transactions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      transactions.add(next(epoch));
    }
    return transactions;
  }

  Tx next(long epoch) {
    lsn++;
    events = new ArrayList<>();
    if (lsn == 1) {
      emit(new Event.Created(InodeTable.ROOT, FileKind.DIRECTORY, 0755, 0, 0, 2, "", now()));
      directories.add(InodeTable.ROOT);
    } else {
      int operations = 1 + random.nextInt(3);
      for (int i = 0; i < operations; i++) {
        operation();
      }
    }
    return new Tx(lsn, epoch, events);
  }

  private long now() {
    return timeOf(lsn);
  }

  private void emit(Event event) {
    table.apply(event);
    events.add(event);
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private void operation() {
    int what = files.isEmpty() ? 0 : random.nextInt(10);
    switch (what) {
      case 0, 1, 2 -> create();
      case 3, 4 -> map(file(any(files)));
      case 5 -> punch(file(any(files)));
      case 6 -> truncate(file(any(files)));
      case 7 -> unlink();
      case 8 ->
          emit(
              new Event.AttributesChanged(
                  any(files), random.nextInt(01000), 1, 2, now(), now() + 1, now() + 2));
      default -> collapse(file(any(files)));
    }
  }

  private Inode.RegularFile file(long ino) {
    return (Inode.RegularFile) java.util.Objects.requireNonNull(table.get(ino));
  }

  private void create() {
    long ino = table.nextNumber();
    long parent = any(directories);
    FileKind kind =
        switch (random.nextInt(6)) {
          case 0 -> FileKind.DIRECTORY;
          case 1 -> FileKind.SYMLINK;
          default -> FileKind.REGULAR;
        };
    boolean directory = kind == FileKind.DIRECTORY;
    String target = kind == FileKind.SYMLINK ? "to/\u20ac" + ino : "";
    emit(new Event.Created(ino, kind, 0644, 7, 8, directory ? parent : 0, target, now()));
    if (directory) {
      directories.add(ino);
    } else {
      emit(new Event.LinksChanged(ino, 1, now()));
    }
    emit(new Event.EntryAdded(parent, "n" + ino, ino, directory, now()));
    if (kind == FileKind.REGULAR) {
      files.add(ino);
    }
  }

  private void map(Inode.RegularFile file) {
    long at = file.extents().endBlock() + random.nextInt(3);
    long length = 1L + random.nextInt(5);
    emit(
        new Event.ExtentsMapped(
            file.ino(),
            List.of(Extent.written(at, nextBlock, length)),
            (at + length) * 4096,
            now(),
            now()));
    nextBlock += length + random.nextInt(2);
  }

  private void punch(Inode.RegularFile file) {
    long from = random.nextInt(8);
    long to = from + 1 + random.nextInt(8);
    emit(
        new Event.RangePunched(
            file.ino(),
            from,
            to,
            file.extents().slice(from, to),
            file.durableSize(),
            now(),
            now()));
  }

  private void collapse(Inode.RegularFile file) {
    long from = random.nextInt(4);
    emit(
        new Event.RangeCollapsed(
            file.ino(),
            from,
            from + 2,
            file.extents().slice(from, from + 2),
            file.durableSize(),
            now(),
            now()));
  }

  private void truncate(Inode.RegularFile file) {
    long from = random.nextInt(10);
    emit(
        new Event.Truncated(
            file.ino(), from * 4096, file.extents().slice(from, ExtentMap.END), now(), now()));
  }

  private void unlink() {
    long ino = any(files);
    for (long directory : directories) {
      Inode.Directory in = (Inode.Directory) java.util.Objects.requireNonNull(table.get(directory));
      if (in.entries().containsKey("n" + ino)) {
        emit(new Event.EntryRemoved(directory, "n" + ino, ino, false, now()));
      }
    }
    emit(new Event.Freed(ino, file(ino).extents().slice(0, ExtentMap.END)));
    files.remove(ino);
  }
}
