package io.faultline.engine.volume;

import io.faultline.engine.inode.MappingCommand;
import java.util.concurrent.CompletableFuture;

/** Brings a command to the one place where its inode's commands run, one at a time, in order. */
public interface CommandRouter extends AutoCloseable {
  /**
   * Runs {@code command} on {@code vnode}. The future fails with {@link
   * io.faultline.engine.errno.FsException}. Never blocks; no lock of the inode may be waited for by
   * the commands ahead of it that the caller holds.
   */
  CompletableFuture<Void> submit(Vnode vnode, MappingCommand command);

  /** Lets what was submitted end, then stops. */
  @Override
  void close();
}
