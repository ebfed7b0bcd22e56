package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

import io.faultline.engine.extent.BlockRun;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.Inodes;
import io.faultline.engine.pagecache.CacheAudit;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks a volume's evented state, and of a live volume the accounting beside it. Changes nothing.
 * Exact at rest; while others change the volume it may report what was true only in between.
 *
 * <p>Cost: one pass over inodes, extents and names, and one binary search per name. Beside the
 * table it takes 20 bytes per inode and a bit per device block; findings are listed up to {@value
 * #FINDINGS_MAX}, the others only counted.
 */
public final class Fsck {
  /** As many findings are listed; a volume that is damaged through and through has millions. */
  public static final int FINDINGS_MAX = 1_000;

  /** Where a contradiction shows. */
  public enum Source {
    /** In the evented state, live or replayed. */
    STATE,
    /** In what a live volume keeps beside it. */
    LIVE,
    /** In the journal. */
    JOURNAL
  }

  /** What can be found, one constant per check. */
  public enum Kind {
    /** Inode 2 is no directory, or its {@code ..} is not itself. */
    ROOT("root", Source.STATE),
    /** An extent begins before the one in front of it. */
    EXTENT_ORDER("extent-order", Source.STATE),
    /** An extent covers file blocks of the one in front of it. */
    EXTENT_OVERLAP("extent-overlap", Source.STATE),
    /** An extent only continues the one in front of it: they should be one. */
    EXTENT_UNMERGED("extent-unmerged", Source.STATE),
    /** A hole is kept as an extent. */
    EXTENT_HOLE("extent-hole", Source.STATE),
    /** An extent leads to blocks that the image does not have. */
    EXTENT_OUTSIDE("extent-outside", Source.STATE),
    /** An extent lies behind the largest offset a file can have. */
    EXTENT_PAST_LIMIT("extent-past-limit", Source.STATE),
    /** A block has two owners. */
    BLOCK_TWICE("block-twice", Source.STATE),
    /** A size that no file can have. */
    SIZE("size", Source.STATE),
    /** A written extent lies behind the end of file. */
    WRITTEN_PAST_END("written-past-end", Source.STATE),
    /** A name leads to an inode that does not exist. */
    NAME_DANGLING("name", Source.STATE),
    /** A name that no path can contain. */
    NAME_INVALID("name-invalid", Source.STATE),
    /** A directory has two names. */
    DIRECTORY_TWICE("directory-twice", Source.STATE),
    /** A directory's {@code ..} is not the directory that names it. */
    PARENT("parent", Source.STATE),
    /** The link count is not the number of names, or of a directory 2 and its subdirectories. */
    LINKS("links", Source.STATE),
    /** Directories contain each other. */
    CYCLE("cycle", Source.STATE),
    /** Links are counted, but no name leads here, or for a directory none that begins at root. */
    UNREACHABLE("unreachable", Source.STATE),

    /** A block is free and mapped at once (invariant I14). */
    BLOCK_FREE_AND_OWNED("block-free-and-owned", Source.LIVE),
    /** A block is neither free, nor mapped, nor freed in a transaction under way. */
    BLOCKS_LEAKED("blocks-leaked", Source.LIVE),
    /** The ledger counts blocks otherwise (invariant I14). */
    LEDGER("I14", Source.LIVE),
    /**
     * The blocks counted as freed, not yet durably, are not those of the journal's transactions.
     */
    PENDING("pending", Source.LIVE),
    /** A file counts other reserved pages than have the flag. */
    PAGES_RESERVED("pages-reserved", Source.LIVE),
    /** The blocks promised to writers are not those that dirty pages wait for (rule R20). */
    RESERVATIONS("reservations", Source.LIVE),
    /** A clean page is not what its block holds (invariant I2). */
    PAGE_STALE("I2", Source.LIVE),
    /** A dirty page has neither a block nor a reservation (invariant I3). */
    PAGE_UNBACKED("I3", Source.LIVE),

    /** The journal is damaged or has a gap: no open would get past this place. */
    JOURNAL("journal", Source.JOURNAL),
    /** A transaction does not fit the state before it. */
    EVENT("event", Source.JOURNAL);

    private final String word;
    private final Source source;

    Kind(String word, Source source) {
      this.word = word;
      this.source = source;
    }

    public Source source() {
      return source;
    }

    /** One word, the same for every finding of this kind. */
    @Override
    public String toString() {
      return word;
    }
  }

  /**
   * Something that must not be.
   *
   * @param ino the inode concerned, -1 if none
   * @param path one that leads to it; empty if there is none, or to a deeper one than is followed
   * @param offset bytes of the file, -1 if none
   * @param length bytes, -1 if none
   * @param blocks of the device, if the finding is about some
   */
  public record Finding(
      Kind kind,
      long ino,
      String path,
      long offset,
      long length,
      @Nullable BlockRun blocks,
      String saw,
      String allowed) {
    /** A sentence for people. */
    public String text() {
      return (path.isEmpty() ? "" : path + ": ") + saw + ", allowed: " + allowed;
    }

    Finding at(String knownPath) {
      return new Finding(kind, ino, knownPath, offset, length, blocks, saw, allowed);
    }
  }

  /**
   * An inode without links: no contradiction, what a crash leaves of a file that was removed while
   * somebody had it open. The next open for writing frees it.
   *
   * @param blocks it has mapped
   */
  public record Orphan(long ino, long blocks) {}

  /**
   * What was looked at and what was found.
   *
   * @param blocks how many mapped blocks
   * @param findings at most {@link #FINDINGS_MAX}
   * @param unlisted how many more there are
   * @param orphans empty for a live volume, where such a file is in use
   */
  public record Report(
      long inodes, long blocks, List<Finding> findings, long unlisted, List<Orphan> orphans) {}

  /** Where the checks leave what they find. */
  static final class Findings {
    private final List<Finding> listed = new ArrayList<>();
    private long unlisted;

    private void add(Finding finding) {
      if (listed.size() < FINDINGS_MAX) {
        listed.add(finding);
      } else {
        unlisted++;
      }
    }

    void add(Kind kind, long ino, String saw, String allowed) {
      add(new Finding(kind, ino, "", -1, -1, null, saw, allowed));
    }

    /** Of an extent, or of a part of one. */
    void add(Kind kind, long ino, Extent at, String saw, String allowed) {
      add(
          new Finding(
              kind,
              ino,
              "",
              bytes(at.fileBlock()),
              bytes(at.length()),
              at.isHole() ? null : at.run(),
              saw,
              allowed));
    }
  }

  /** What is damaged may be any number. */
  private static long bytes(long blocks) {
    return blocks > Long.MAX_VALUE / BLOCK_BYTES ? Long.MAX_VALUE : blocks * BLOCK_BYTES;
  }

  private final Inodes table;
  private final List<Inode> inodes;
  private final long blocks;
  private final Findings findings = new Findings();
  private final ExtentCheck extents;

  private Fsck(Inodes table, long blocks) {
    this.table = table;
    this.inodes = table.all();
    this.blocks = blocks;
    this.extents = new ExtentCheck(blocks, findings);
  }

  /**
   * Checks a state that is not in use, for instance one that was replayed.
   *
   * @param blocks of the image
   */
  public static Report check(Inodes table, long blocks) {
    Fsck fsck = new Fsck(table, blocks);
    fsck.state();
    List<Orphan> orphans = new ArrayList<>();
    for (Inode inode : fsck.inodes) {
      if (inode.attributes().nlink() == 0) {
        orphans.add(
            new Orphan(
                inode.ino(),
                inode instanceof Inode.RegularFile file ? file.extents().blocks() : 0));
      }
    }
    return fsck.report(orphans);
  }

  /** Checks a volume in use: the state, and that free space agrees with it. */
  public static Report check(LiveVolume volume) {
    Fsck fsck = new Fsck(volume.table(), volume.config().blocks());
    fsck.state();
    fsck.space(volume);
    return fsck.report(List.of());
  }

  private void state() {
    for (Inode inode : inodes) {
      if (inode instanceof Inode.RegularFile file) {
        extents.check(file);
      }
    }
    extents.nameFirstOwners(inodes);
    new TreeCheck(inodes, findings).check();
  }

  private Report report(List<Orphan> orphans) {
    Map<Long, String> paths =
        FindingPaths.of(table, inodes, findings.listed.stream().map(Finding::ino).toList());
    return new Report(
        inodes.size(),
        extents.ownedBlocks(),
        findings.listed.stream().map(f -> f.at(paths.getOrDefault(f.ino(), ""))).toList(),
        findings.unlisted,
        orphans);
  }

  /** Invariant I14: every block is free, owned, or freed and not yet durably so; none is two. */
  private void space(LiveVolume volume) {
    BitSet free = BitSet.valueOf(volume.allocator().freeMap());
    BitSet both = extents.owned();
    both.and(free);
    if (!both.isEmpty()) {
      int first = both.nextSetBit(0);
      findings.add(
          new Finding(
              Kind.BLOCK_FREE_AND_OWNED,
              -1,
              "",
              -1,
              -1,
              new BlockRun(first, both.nextClearBit(first) - first),
              both.cardinality() + " blocks are free and mapped, the first is " + first,
              "none"));
    }
    long pending = volume.pendingBlocks();
    long owned = extents.ownedBlocks();
    if (free.cardinality() + owned + pending != blocks) {
      findings.add(
          Kind.BLOCKS_LEAKED,
          -1,
          free.cardinality() + " free + " + owned + " owned + " + pending + " pending",
          blocks + " together");
    }
    long freed = BlockCensus.pending(volume.journal());
    // A journal that failed has given its transactions up; what they freed stays out of use.
    if (freed != pending && !volume.readOnly()) {
      findings.add(
          Kind.PENDING,
          -1,
          pending + " blocks counted as freed and not durably so",
          freed + ", which the transactions free");
    }
    long reserved = reservations(volume);
    String counted = volume.ledger().disagreement(free.cardinality(), pending);
    if (!counted.isEmpty()) {
      findings.add(Kind.LEDGER, -1, counted, "the same counts");
    }
    pages(volume);
    long promised = free.cardinality() - volume.availableBlocks();
    if (promised != reserved) {
      findings.add(
          Kind.RESERVATIONS,
          -1,
          promised + " blocks are reserved",
          reserved + ", as many pages hold a reservation");
    }
  }

  /** By the flags of the pages, which the counter of each file must agree with. */
  private long reservations(LiveVolume volume) {
    long all = 0;
    for (Vnode v : volume.filesInUse()) {
      long flags = volume.cache().audit().reservedPages(v.mapping);
      if (flags != v.mapping.reservedPages()) {
        findings.add(
            Kind.PAGES_RESERVED,
            v.ino(),
            v.mapping.reservedPages() + " reserved pages counted",
            flags + ", as many are RESERVED");
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
        findings.add(Kind.PAGE_STALE, v.ino(), stale, "what the block holds");
      }
      String unbacked = audit.unbacked(v.mapping);
      if (!unbacked.isEmpty()) {
        findings.add(Kind.PAGE_UNBACKED, v.ino(), unbacked, "a block or a reservation");
      }
    }
  }
}
