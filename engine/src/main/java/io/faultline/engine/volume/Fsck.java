package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.inode.Inodes;
import io.faultline.engine.pagecache.CacheAudit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Checks a volume's evented state, and of a live volume the accounting beside it. Exact at rest;
 * while others change the volume it may report what was true only in between.
 */
public final class Fsck {
  /**
   * Something that must not be.
   *
   * @param kind a short name, the same for every finding of its sort
   * @param ino the inode concerned, -1 if none
   * @param offset bytes, -1 if none
   * @param length bytes, -1 if none
   */
  public record Finding(String kind, long ino, long offset, long length, String text) {}

  /** What was looked at and what was found. */
  public record Report(long inodes, long blocks, List<Finding> findings) {}

  private final Inodes table;
  private final long blocks;
  private final List<Finding> findings = new ArrayList<>();
  private final BitSet owned = new BitSet();
  private long ownedBlocks;

  private Fsck(Inodes table, long blocks) {
    this.table = table;
    this.blocks = blocks;
  }

  /** Checks a state that is not in use, for instance one that was replayed. */
  public static Report check(Inodes table, long blocks) {
    Fsck fsck = new Fsck(table, blocks);
    fsck.inodes();
    fsck.tree();
    return fsck.report();
  }

  /** Checks a volume in use: the state, and that free space agrees with it. */
  public static Report check(LiveVolume volume) {
    Fsck fsck = new Fsck(volume.table(), volume.config().blocks());
    fsck.inodes();
    fsck.tree();
    fsck.space(volume);
    return fsck.report();
  }

  private Report report() {
    return new Report(table.size(), ownedBlocks, List.copyOf(findings));
  }

  private void found(String kind, long ino, Extent at, String text) {
    findings.add(
        new Finding(kind, ino, at.fileBlock() * BLOCK_BYTES, at.length() * BLOCK_BYTES, text));
  }

  private void found(String kind, long ino, String text) {
    findings.add(new Finding(kind, ino, -1, -1, text));
  }

  private void inodes() {
    for (Inode inode : table.all()) {
      if (inode instanceof Inode.RegularFile file) {
        extents(file);
      }
      if (inode.attributes().nlink() <= 0) {
        // While the file is open that is how an unlinked file looks; at rest it is an orphan.
        if (inode.attributes().nlink() < 0) {
          found("links", inode.ino(), "link count " + inode.attributes().nlink());
        }
      }
    }
  }

  private void extents(Inode.RegularFile file) {
    long at = 0;
    Extent before = null;
    for (Extent e : file.extents()) {
      if (e.fileBlock() < at) {
        found("extent-order", file.ino(), e, e + " overlaps or precedes " + before);
      }
      if (before != null
          && before.end() == e.fileBlock()
          && before.state() == e.state()
          && before.physical() + before.length() == e.physical()) {
        found("extent-unmerged", file.ino(), e, e + " continues " + before);
      }
      if (e.physical() < 0 || e.physical() + e.length() > blocks) {
        found("extent-outside", file.ino(), e, e + " lies outside " + blocks + " blocks");
      } else {
        own(file, e);
      }
      if (e.isWritten() && (e.end() - 1) * BLOCK_BYTES >= file.durableSize()) {
        found("written-past-end", file.ino(), e, e + " lies behind the end " + file.durableSize());
      }
      at = e.end();
      before = e;
    }
    if (file.durableSize() < 0 || file.durableSize() > LiveVolume.FILE_BYTES_MAX) {
      found("size", file.ino(), "size " + file.durableSize());
    }
  }

  private void own(Inode.RegularFile file, Extent e) {
    int from = Math.toIntExact(e.physical());
    int to = Math.toIntExact(e.physical() + e.length());
    int taken = owned.nextSetBit(from);
    if (taken >= 0 && taken < to) {
      found("block-twice", file.ino(), e, "device block " + taken + " has another owner too");
    }
    owned.set(from, to);
    ownedBlocks += e.length();
  }

  /** Names lead to inodes, counts agree, everything with a name is reached from the root once. */
  private void tree() {
    Map<Long, Integer> names = new HashMap<>();
    Set<Long> reached = new HashSet<>();
    Deque<Inode.Directory> todo = new ArrayDeque<>();
    if (!(table.get(InodeTable.ROOT) instanceof Inode.Directory root)) {
      found("root", InodeTable.ROOT, "there is no root directory");
      return;
    }
    reached.add(root.ino());
    todo.add(root);
    while (!todo.isEmpty()) {
      Inode.Directory dir = todo.removeFirst();
      int subdirectories = 0;
      for (Map.Entry<String, Long> entry : dir.entries().entrySet()) {
        Inode child = table.get(entry.getValue());
        if (child == null) {
          found("name", dir.ino(), entry.getKey() + " leads to " + entry.getValue());
          continue;
        }
        names.merge(child.ino(), 1, Integer::sum);
        boolean first = reached.add(child.ino());
        if (child instanceof Inode.Directory sub) {
          subdirectories++;
          if (!first) {
            found("directory-twice", sub.ino(), "also named " + entry.getKey());
          } else {
            todo.add(sub);
          }
          if (sub.parent() != dir.ino()) {
            found("parent", sub.ino(), "its .. is " + sub.parent() + ", not " + dir.ino());
          }
        }
      }
      if (dir.attributes().nlink() != 2 + subdirectories) {
        found(
            "links",
            dir.ino(),
            dir.attributes().nlink() + " links, but " + subdirectories + " subdirectories");
      }
    }
    for (Inode inode : table.all()) {
      if (inode instanceof Inode.Directory dir) {
        if (!reached.contains(dir.ino()) && dir.attributes().nlink() > 0) {
          found("unreachable", dir.ino(), "no name leads to this directory");
        }
      } else if (inode.attributes().nlink() != names.getOrDefault(inode.ino(), 0)) {
        found(
            "links",
            inode.ino(),
            inode.attributes().nlink()
                + " links, "
                + names.getOrDefault(inode.ino(), 0)
                + " names");
      }
    }
  }

  /** Invariant I14: every block is free, owned, or freed and not yet durably so; none is two. */
  private void space(LiveVolume volume) {
    BitSet free = BitSet.valueOf(volume.allocator().freeMap());
    BitSet both = (BitSet) owned.clone();
    both.and(free);
    if (!both.isEmpty()) {
      found(
          "block-free-and-owned",
          -1,
          both.cardinality() + " blocks, the first is " + both.nextSetBit(0));
    }
    long pending = volume.pendingBlocks();
    long sum = free.cardinality() + ownedBlocks + pending;
    if (sum != blocks) {
      found(
          "blocks-leaked",
          -1,
          free.cardinality()
              + " free + "
              + ownedBlocks
              + " owned + "
              + pending
              + " pending, of "
              + blocks);
    }
    long freed = BlockCensus.pending(volume.journal());
    if (freed != pending) {
      found("I14", -1, freed + " blocks are freed and not durably so, but " + pending + " counted");
    }
    long reserved = reservations(volume);
    String counted = volume.ledger().disagreement(free.cardinality(), pending);
    if (!counted.isEmpty()) {
      found("I14", -1, counted);
    }
    pages(volume);
    long promised = free.cardinality() - volume.availableBlocks();
    if (promised != reserved) {
      found(
          "reservations",
          -1,
          promised + " blocks are reserved, but " + reserved + " pages hold a reservation");
    }
  }

  /** By the flags of the pages, which the counter of each file must agree with. */
  private long reservations(LiveVolume volume) {
    long all = 0;
    for (Vnode v : volume.filesInUse()) {
      long flags = volume.cache().audit().reservedPages(v.mapping);
      if (flags != v.mapping.reservedPages()) {
        found(
            "I14",
            v.ino(),
            flags + " pages are RESERVED, " + v.mapping.reservedPages() + " counted");
      }
      all += flags;
    }
    return all;
  }

  /** Invariants I2 and I3 over what is cached. */
  private void pages(LiveVolume volume) {
    if (!volume.ledger().isOn()) {
      return;
    }
    CacheAudit audit = volume.cache().audit();
    for (Vnode v : volume.filesInUse()) {
      String stale = audit.staleAnywhere(v.mapping);
      if (!stale.isEmpty()) {
        found("I2", v.ino(), stale);
      }
      String unbacked = audit.unbacked(v.mapping);
      if (!unbacked.isEmpty()) {
        found("I3", v.ino(), unbacked);
      }
    }
  }
}
