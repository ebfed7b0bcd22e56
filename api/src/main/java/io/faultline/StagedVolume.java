package io.faultline;

import java.nio.file.OpenOption;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** The asynchronous face of a volume: each operation is one task of a {@link Stages}. */
final class StagedVolume implements AsyncVolume {
  private final Volume volume;
  private final Stages stages;

  StagedVolume(Volume volume, Stages stages) {
    this.volume = volume;
    this.stages = stages;
  }

  @Override
  public CompletionStage<OpenFile> open(String path, OpenOption... options) {
    OpenOption[] asGiven = options.clone();
    return stages.call(() -> volume.open(path, asGiven));
  }

  @Override
  public CompletionStage<Void> create(String path, int mode) {
    return stages.run(() -> volume.create(path, mode));
  }

  @Override
  public CompletionStage<Void> mkdir(String path, int mode) {
    return stages.run(() -> volume.mkdir(path, mode));
  }

  @Override
  public CompletionStage<Void> unlink(String path) {
    return stages.run(() -> volume.unlink(path));
  }

  @Override
  public CompletionStage<Void> rmdir(String path) {
    return stages.run(() -> volume.rmdir(path));
  }

  @Override
  public CompletionStage<Void> rename(String from, String to) {
    return stages.run(() -> volume.rename(from, to));
  }

  @Override
  public CompletionStage<Void> link(String existing, String newPath) {
    return stages.run(() -> volume.link(existing, newPath));
  }

  @Override
  public CompletionStage<Void> symlink(String target, String path) {
    return stages.run(() -> volume.symlink(target, path));
  }

  @Override
  public CompletionStage<String> readlink(String path) {
    return stages.call(() -> volume.readlink(path));
  }

  @Override
  public CompletionStage<FileStatus> stat(String path) {
    return stages.call(() -> volume.stat(path));
  }

  @Override
  public CompletionStage<FileStatus> lstat(String path) {
    return stages.call(() -> volume.lstat(path));
  }

  @Override
  public CompletionStage<List<DirectoryEntry>> list(String path) {
    return stages.call(() -> volume.list(path));
  }

  @Override
  public CompletionStage<Void> sync() {
    return stages.run(volume::sync);
  }

  @Override
  public CompletionStage<FsckReport> fsck() {
    return stages.call(volume::fsck);
  }

  @Override
  public CompletionStage<Void> dropCaches() {
    return stages.run(volume::dropCaches);
  }

  @Override
  public CompletionStage<Void> close() {
    return stages.run(volume::close);
  }
}
