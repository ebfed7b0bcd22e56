package io.faultline;

import java.nio.file.OpenOption;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * {@link Volume} without waiting: each method returns at once and its stage completes with what the
 * method of the same name returns or throws (an {@link ErrnoException}, not wrapped). Two stages
 * that are pending together may take effect in either order. Stages complete on a thread of the
 * engine: continue with the {@code …Async} methods if what follows waits.
 */
public interface AsyncVolume {
  /** {@link Volume#open(String, OpenOption...)}. */
  CompletionStage<OpenFile> open(String path, OpenOption... options);

  /** {@link Volume#create(String, int)}. */
  CompletionStage<Void> create(String path, int mode);

  /** {@link Volume#mkdir(String, int)}. */
  CompletionStage<Void> mkdir(String path, int mode);

  /** {@link Volume#unlink}. */
  CompletionStage<Void> unlink(String path);

  /** {@link Volume#rmdir}. */
  CompletionStage<Void> rmdir(String path);

  /** {@link Volume#rename}. */
  CompletionStage<Void> rename(String from, String to);

  /** {@link Volume#link}. */
  CompletionStage<Void> link(String existing, String newPath);

  /** {@link Volume#symlink}. */
  CompletionStage<Void> symlink(String target, String path);

  /** {@link Volume#readlink}. */
  CompletionStage<String> readlink(String path);

  /** {@link Volume#stat}. */
  CompletionStage<FileStatus> stat(String path);

  /** {@link Volume#lstat}. */
  CompletionStage<FileStatus> lstat(String path);

  /** {@link Volume#list}. */
  CompletionStage<List<DirectoryEntry>> list(String path);

  /** {@link Volume#sync}. */
  CompletionStage<Void> sync();

  /** {@link Volume#fsck}. */
  CompletionStage<FsckReport> fsck();

  /** {@link Volume#dropCaches}. */
  CompletionStage<Void> dropCaches();

  /** {@link Volume#close}. */
  CompletionStage<Void> close();
}
