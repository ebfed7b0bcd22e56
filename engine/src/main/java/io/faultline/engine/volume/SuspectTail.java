package io.faultline.engine.volume;

import static io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

import io.faultline.engine.pagecache.PageCache;
import io.faultline.engine.pagecache.PageWriter;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.writeback.Writeback;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The block at the end of file may hold bytes from before a crash behind it. They are zeroed on the
 * device before the size grows over them (invariant I16), in one way under the I/O lock alone and
 * in another under the mapping lock too, where no page may be created. Thread-safe.
 */
final class SuspectTail {
  private final PageCache cache;
  private final Writeback writeback;

  SuspectTail(PageCache cache, Writeback writeback) {
    this.cache = cache;
    this.writeback = writeback;
  }

  /** The caller holds the I/O lock exclusive and not the mapping lock. */
  void mend(Vnode vnode) throws IOException {
    long size = vnode.mapping.size();
    int tail = (int) (size % BLOCK_BYTES);
    if (vnode.tailSuspect && tail != 0 && vnode.lookup(size / BLOCK_BYTES).isWritten()) {
      long page = size / BLOCK_BYTES;
      MemorySegment zeros = MemorySegment.ofArray(new byte[BLOCK_BYTES - tail]);
      cache
          .writer()
          .put(vnode.mapping, page, tail, BLOCK_BYTES - tail, zeros, 0, PageWriter.Mode.OVERWRITE);
      long errors = vnode.errorCount();
      if (!Barrier.SUSPECT_TAIL_WRITEBACK.omitted()) {
        writeback.flush(vnode, page, page + 1, true);
      }
      if (vnode.errorCount() != errors) {
        throw new IOException("the end of file could not be zeroed", vnode.lastError());
      }
    }
    vnode.tailSuspect = false;
  }

  /** The caller holds both locks exclusive. */
  void zero(Vnode vnode) throws IOException {
    long size = vnode.mapping.size();
    int tail = (int) (size % BLOCK_BYTES);
    if (vnode.tailSuspect && tail != 0) {
      cache
          .invalidator()
          .zeroEdge(vnode.mapping, size / BLOCK_BYTES, tail, BLOCK_BYTES, SuspectTail::nothing);
    }
    vnode.tailSuspect = false;
  }

  /** Zeroing this edge changes nothing else with it. */
  private static void nothing() {}
}
