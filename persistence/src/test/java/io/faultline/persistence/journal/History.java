package io.faultline.persistence.journal;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Tx;
import java.util.ArrayList;
import java.util.List;

/** A short life of a volume: create, write, punch, rename, link, truncate, unlink. */
final class History {
  private static final long T = 1_795_000_000_000_000_000L;

  private History() {}

  static List<List<Event>> batches() {
    List<Extent> data = List.of(Extent.written(0, 100, 16));
    List<Extent> hole = List.of(Extent.written(4, 104, 4));
    List<Extent> tail = List.of(Extent.written(12, 112, 4));
    return List.of(
        List.of(new Event.Created(2, FileKind.DIRECTORY, 0755, 0, 0, 2, "", T)),
        List.of(
            new Event.Created(11, FileKind.DIRECTORY, 0755, 0, 0, 2, "", T + 1),
            new Event.EntryAdded(2, "src", 11, true, T + 1)),
        List.of(
            new Event.Created(12, FileKind.REGULAR, 0644, 1000, 1000, 0, "", T + 2),
            new Event.LinksChanged(12, 1, T + 2),
            new Event.EntryAdded(11, "file \u20ac", 12, false, T + 2)),
        List.of(new Event.ExtentsMapped(12, data, 65_536, T + 3, T + 3)),
        List.of(new Event.RangePunched(12, 4, 8, hole, 65_536, T + 4, T + 4)),
        List.of(
            new Event.EntryAdded(2, "moved", 12, false, T + 5),
            new Event.EntryRemoved(11, "file \u20ac", 12, false, T + 5)),
        List.of(
            new Event.Created(13, FileKind.SYMLINK, 0777, 0, 0, 0, "moved", T + 6),
            new Event.LinksChanged(13, 1, T + 6),
            new Event.EntryAdded(2, "link", 13, false, T + 6)),
        List.of(new Event.Truncated(12, 49_152, tail, T + 7, T + 7)),
        List.of(new Event.AttributesChanged(12, 0600, 1, 2, T, T + 1, T + 8)));
  }

  static List<Tx> transactions(long epoch) {
    List<Tx> all = new ArrayList<>();
    for (List<Event> batch : batches()) {
      all.add(new Tx(all.size() + 1, epoch, batch));
    }
    return all;
  }

  static InodeTable table() {
    InodeTable table = new InodeTable();
    batches().forEach(batch -> batch.forEach(table::apply));
    return table;
  }
}
