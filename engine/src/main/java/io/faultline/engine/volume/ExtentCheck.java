package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.volume.Fsck.Findings;
import io.faultline.engine.volume.Fsck.Kind;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files' part of {@link Fsck}: extents, sizes, and that no block has two owners. */
final class ExtentCheck {
  /** A part of a file whose blocks were owned already when it came. */
  private record Contested(long ino, Extent part) {}

  private final long blocks;
  private final Findings findings;
  private final BitSet owned = new BitSet();
  private final List<Contested> contested = new ArrayList<>();
  private long ownedBlocks;

  ExtentCheck(long blocks, Findings findings) {
    this.blocks = blocks;
    this.findings = findings;
  }

  /** Blocks that mappings own; one that is owned twice counts once. */
  long ownedBlocks() {
    return ownedBlocks;
  }

  /** The blocks that mappings own; a copy. */
  BitSet owned() {
    return (BitSet) owned.clone();
  }

  void check(Inode.RegularFile file) {
    long ino = file.ino();
    long size = file.durableSize();
    if (size < 0 || size > LiveVolume.FILE_BYTES_MAX) {
      findings.add(Kind.SIZE, ino, "size " + size, "0 to " + LiveVolume.FILE_BYTES_MAX);
    }
    Extent before = null;
    for (Extent e : file.extents()) {
      if (before != null) {
        order(ino, before, e);
      }
      before = e;
      if (e.isHole()) {
        findings.add(Kind.EXTENT_HOLE, ino, e, "a hole is kept as an extent", "nothing there");
        continue;
      }
      if (e.physical() > blocks - e.length()) {
        findings.add(
            Kind.EXTENT_OUTSIDE,
            ino,
            e,
            "device blocks " + run(e),
            "blocks below " + blocks + ", the size of the image");
      } else {
        own(ino, e);
      }
      if (e.end() > LiveVolume.FILE_BYTES_MAX / BLOCK_BYTES) {
        findings.add(
            Kind.EXTENT_PAST_LIMIT,
            ino,
            e,
            "mapped up to file block " + e.end(),
            "at most " + LiveVolume.FILE_BYTES_MAX / BLOCK_BYTES);
      }
      long end = Math.max(0, size + BLOCK_BYTES - 1) / BLOCK_BYTES;
      if (e.isWritten() && e.end() > end && size <= LiveVolume.FILE_BYTES_MAX) {
        findings.add(
            Kind.WRITTEN_PAST_END,
            ino,
            e.clip(Math.max(e.fileBlock(), end), e.end()),
            "written blocks behind the end of file",
            "unwritten ones only, behind byte " + size);
      }
    }
  }

  private void order(long ino, Extent before, Extent e) {
    String saw = "the extent before it is [" + before.fileBlock() + ", " + before.end() + ")";
    if (e.fileBlock() < before.fileBlock()) {
      findings.add(Kind.EXTENT_ORDER, ino, e, saw, "ascending extents");
    } else if (e.fileBlock() < before.end()) {
      findings.add(Kind.EXTENT_OVERLAP, ino, e, saw, "disjoint extents");
    } else if (before.continuedBy(e)) {
      findings.add(Kind.EXTENT_UNMERGED, ino, e, saw + " and goes on here", "one extent");
    }
  }

  private static String run(Extent e) {
    return "[" + e.physical() + ", " + (e.physical() + e.length()) + ")";
  }

  private void own(long ino, Extent e) {
    int from = Math.toIntExact(e.physical());
    int to = Math.toIntExact(e.physical() + e.length());
    int at = owned.nextSetBit(from);
    while (at >= 0 && at < to) {
      int end = Math.min(to, owned.nextClearBit(at));
      // The first owner is not known yet; see nameFirstOwners.
      if (contested.size() < Fsck.FINDINGS_MAX) {
        long fileBlock = e.fileBlock() + at - from;
        contested.add(new Contested(ino, e.clip(fileBlock, fileBlock + end - at)));
      } else {
        findings.add(Kind.BLOCK_TWICE, ino, e, "owned already", "one owner");
      }
      ownedBlocks -= end - at;
      at = owned.nextSetBit(end);
    }
    owned.set(from, to);
    ownedBlocks += to - from;
  }

  /**
   * Tells the blocks with two owners, each with the owner that came first. That one is looked for
   * only now, so that a sound volume pays for no owner per block.
   */
  void nameFirstOwners(List<Inode> inodes) {
    if (contested.isEmpty()) {
      return;
    }
    TreeMap<Long, Long> firstOwners = new TreeMap<>();
    contested.forEach(c -> firstOwners.put(c.part().physical(), -1L));
    for (Inode inode : inodes) {
      if (inode instanceof Inode.RegularFile file) {
        for (Extent e : file.extents()) {
          if (!e.isHole()) {
            for (Map.Entry<Long, Long> wanted :
                firstOwners
                    .subMap(e.physical(), true, e.physical() + e.length(), false)
                    .entrySet()) {
              if (wanted.getValue() < 0) {
                wanted.setValue(file.ino());
              }
            }
          }
        }
      }
    }
    for (Contested c : contested) {
      @Nullable Long first = firstOwners.get(c.part().physical());
      findings.add(
          Kind.BLOCK_TWICE,
          c.ino(),
          c.part(),
          "device blocks " + run(c.part()) + " belong to inode " + first + " too",
          "one owner");
    }
  }
}
