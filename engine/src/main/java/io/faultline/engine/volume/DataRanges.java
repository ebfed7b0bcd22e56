package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.pagecache.Mapping;
import io.faultline.engine.pagecache.PageCache;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a file has data: what is mapped, and what the cache holds over the rest. A search takes the
 * I/O lock shared, so that the size and what commands change hold still; a listing takes nothing
 * and is of no one moment. Thread-safe.
 */
final class DataRanges {
  private final PageCache cache;
  private final Vnode vnode;
  private final Mapping mapping;

  DataRanges(PageCache cache, Vnode vnode) {
    this.cache = cache;
    this.vnode = vnode;
    this.mapping = vnode.mapping;
  }

  /** The offset of the first data, or hole, from {@code offset} on, as lseek(2) tells it. */
  long seek(String operation, long offset, boolean data) throws FsException {
    vnode.ioLock.lockShared();
    try {
      long size = mapping.size();
      if (offset < 0 || offset >= size) {
        throw vnode.refused(
            Errno.ENXIO, operation, offset, FsException.NONE, "the end of file is " + size);
      }
      long end = MappingOperations.blocksFor(size);
      long block = nextOfKind(offset / BLOCK_BYTES, end, data);
      if (block >= end) {
        if (data) {
          throw vnode.refused(
              Errno.ENXIO, operation, offset, FsException.NONE, "no data behind it");
        }
        return size;
      }
      return Math.max(offset, block * BLOCK_BYTES);
    } finally {
      vnode.ioLock.unlockShared();
    }
  }

  /**
   * The first block of {@code [from, end)} that is data, or that is not. Written blocks are data;
   * holes and unwritten blocks are data where the cache holds bytes for them (SEMANTICS §4.6).
   */
  private long nextOfKind(long from, long end, boolean data) {
    long at = from;
    while (at < end) {
      Extent extent = vnode.lookup(at).clip(at, end);
      if (extent.isWritten()) {
        if (data) {
          return at;
        }
      } else if (data) {
        long found = cache.nextData(mapping, at, extent.end());
        if (found < extent.end()) {
          return found;
        }
      } else {
        for (long block = at; block < extent.end(); block++) {
          if (!cache.hasData(mapping, block)) {
            return block;
          }
        }
      }
      at = extent.end();
    }
    return end;
  }

  /** What is mapped, in order; dirty pages over holes as extents without a place. */
  List<Extent> extents() {
    List<Extent> found = new ArrayList<>();
    long at = 0;
    long end =
        Math.max(MappingOperations.blocksFor(mapping.size()), vnode.inode().extents().endBlock());
    while (at < end) {
      Extent extent = vnode.lookup(at).clip(at, end);
      if (!extent.isHole()) {
        found.add(extent);
        at = extent.end();
        continue;
      }
      long dirty = cache.nextData(mapping, at, extent.end());
      while (dirty < extent.end()) {
        long stop = dirty;
        while (stop < extent.end() && cache.hasData(mapping, stop)) {
          stop++;
        }
        found.add(Extent.hole(dirty, stop - dirty));
        dirty = cache.nextData(mapping, stop, extent.end());
      }
      at = extent.end();
    }
    return found;
  }
}
