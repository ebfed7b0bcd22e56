package io.faultline.engine.volume;

import io.faultline.engine.pagecache.Mapping;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.Mutant;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What the flusher of a volume does, on its two threads. */
final class BackgroundWriteback implements Flusher.Work {
  private final LiveVolume volume;

  BackgroundWriteback(LiveVolume volume) {
    this.volume = volume;
  }

  @Override
  public void relieve() {
    for (Mapping mapping : volume.cache().dirtyMappings()) {
      Vnode vnode = volume.files().get(mapping.ino());
      if (vnode != null) {
        volume.writeback().flush(vnode, 0, Long.MAX_VALUE, false);
      }
      volume.cache().unlistIfClean(mapping);
    }
  }

  @Override
  public @Nullable CompletableFuture<Void> settle() {
    CompletableFuture<Void> rest = null;
    try {
      for (Vnode vnode : volume.files().all()) {
        // Clean ones too: a page that somebody else is writing back right now counts as clean,
        // and what publishes it must be in this commit.
        if (!Barrier.INTERVAL_WRITEBACK.omitted()) {
          volume.writeback().flush(vnode, 0, Long.MAX_VALUE, true);
        }
        volume.durability().settleTimes(vnode);
        volume.files().forget(vnode);
      }
      volume.cache().dirtyMappings().forEach(volume.cache()::unlistIfClean);
      // As fsync does (rule R2), but without waiting: a destroyer may wait for this thread to find
      // it a frame. Who begins later finds its pages written back.
      if (!Mutant.R24_INTERVAL_SKIPS_DESTROYER.on()) {
        rest = volume.unpublished.ended();
      }
      commit();
    } catch (IOException e) {
      // Journal or image failed and told everybody who waits; there is nobody here to tell.
      volume.fail(e);
    }
    return rest;
  }

  @Override
  public void finish() {
    try {
      commit();
    } catch (IOException e) {
      volume.fail(e);
    }
  }

  private void commit() throws IOException {
    if (!Barrier.INTERVAL_COMMIT.omitted()) {
      volume.journal().commitAll();
    }
    // What was overwritten in place may have brought no transaction about that flushes for it.
    if (!Barrier.INTERVAL_IMAGE_FLUSH.omitted()) {
      volume.image().flushWritten();
    }
  }

  @Override
  public void failed(Throwable cause) {
    volume.fail(cause);
  }
}
