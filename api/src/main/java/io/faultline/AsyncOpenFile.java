package io.faultline;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * {@link OpenFile} without waiting: each method returns at once and its stage completes with what
 * the method of the same name returns or throws (an {@link ErrnoException}, not wrapped). Two
 * stages that are pending together may take effect in either order.
 *
 * <p>A buffer belongs to the operation until its stage completes; its position has then advanced.
 * Stages complete on a thread of the engine: continue with the {@code …Async} methods if what
 * follows waits.
 */
public interface AsyncOpenFile {
  /** {@link OpenFile#read}. */
  CompletionStage<Integer> read(ByteBuffer target, long position);

  /** {@link OpenFile#write}. */
  CompletionStage<Integer> write(ByteBuffer source, long position);

  /** {@link OpenFile#append}. */
  CompletionStage<Long> append(ByteBuffer source);

  /** {@link OpenFile#truncate}. */
  CompletionStage<Void> truncate(long sizeBytes);

  /** {@link OpenFile#punchHole}. */
  CompletionStage<Void> punchHole(long offset, long length);

  /** {@link OpenFile#zeroRange(long, long, boolean)}. */
  CompletionStage<Void> zeroRange(long offset, long length, boolean keepSize);

  /** {@link OpenFile#allocate(long, long, boolean)}. */
  CompletionStage<Void> allocate(long offset, long length, boolean keepSize);

  /** {@link OpenFile#collapseRange}. */
  CompletionStage<Void> collapseRange(long offset, long length);

  /** {@link OpenFile#insertRange}. */
  CompletionStage<Void> insertRange(long offset, long length);

  /** {@link OpenFile#cloneRange}. */
  CompletionStage<Void> cloneRange(OpenFile source, long sourceOffset, long offset, long length);

  /** {@link OpenFile#dedupeRange}. */
  CompletionStage<Long> dedupeRange(OpenFile source, long sourceOffset, long offset, long length);

  /** {@link OpenFile#seekData}. */
  CompletionStage<Long> seekData(long offset);

  /** {@link OpenFile#seekHole}. */
  CompletionStage<Long> seekHole(long offset);

  /** {@link OpenFile#extents}. */
  CompletionStage<List<FileExtent>> extents();

  /** {@link OpenFile#advise}. */
  CompletionStage<Void> advise(long offset, long length, Advice advice);

  /** {@link OpenFile#status}. */
  CompletionStage<FileStatus> status();

  /** {@link OpenFile#sync}. */
  CompletionStage<Void> sync();

  /** {@link OpenFile#dataSync}. */
  CompletionStage<Void> dataSync();

  /** {@link OpenFile#close}. */
  CompletionStage<Void> close();
}
