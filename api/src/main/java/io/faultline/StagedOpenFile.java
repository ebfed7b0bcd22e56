package io.faultline;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** The asynchronous face of an open file: each operation is one task of a {@link Stages}. */
final class StagedOpenFile implements AsyncOpenFile {
  private final OpenFile file;
  private final Stages stages;

  StagedOpenFile(OpenFile file, Stages stages) {
    this.file = file;
    this.stages = stages;
  }

  @Override
  public CompletionStage<Integer> read(ByteBuffer target, long position) {
    return stages.call(() -> file.read(target, position));
  }

  @Override
  public CompletionStage<Integer> write(ByteBuffer source, long position) {
    return stages.call(() -> file.write(source, position));
  }

  @Override
  public CompletionStage<Long> append(ByteBuffer source) {
    return stages.call(() -> file.append(source));
  }

  @Override
  public CompletionStage<Void> truncate(long sizeBytes) {
    return stages.run(() -> file.truncate(sizeBytes));
  }

  @Override
  public CompletionStage<Void> punchHole(long offset, long length) {
    return stages.run(() -> file.punchHole(offset, length));
  }

  @Override
  public CompletionStage<Void> zeroRange(long offset, long length, boolean keepSize) {
    return stages.run(() -> file.zeroRange(offset, length, keepSize));
  }

  @Override
  public CompletionStage<Void> allocate(long offset, long length, boolean keepSize) {
    return stages.run(() -> file.allocate(offset, length, keepSize));
  }

  @Override
  public CompletionStage<Void> collapseRange(long offset, long length) {
    return stages.run(() -> file.collapseRange(offset, length));
  }

  @Override
  public CompletionStage<Void> insertRange(long offset, long length) {
    return stages.run(() -> file.insertRange(offset, length));
  }

  @Override
  public CompletionStage<Void> cloneRange(
      OpenFile source, long sourceOffset, long offset, long length) {
    return stages.run(() -> file.cloneRange(source, sourceOffset, offset, length));
  }

  @Override
  public CompletionStage<Long> dedupeRange(
      OpenFile source, long sourceOffset, long offset, long length) {
    return stages.call(() -> file.dedupeRange(source, sourceOffset, offset, length));
  }

  @Override
  public CompletionStage<Long> seekData(long offset) {
    return stages.call(() -> file.seekData(offset));
  }

  @Override
  public CompletionStage<Long> seekHole(long offset) {
    return stages.call(() -> file.seekHole(offset));
  }

  @Override
  public CompletionStage<List<FileExtent>> extents() {
    return stages.call(file::extents);
  }

  @Override
  public CompletionStage<Void> advise(long offset, long length, Advice advice) {
    return stages.run(() -> file.advise(offset, length, advice));
  }

  @Override
  public CompletionStage<FileStatus> status() {
    return stages.call(file::status);
  }

  @Override
  public CompletionStage<Void> sync() {
    return stages.run(file::sync);
  }

  @Override
  public CompletionStage<Void> dataSync() {
    return stages.run(file::dataSync);
  }

  @Override
  public CompletionStage<Void> close() {
    return stages.run(file::close);
  }
}
