package io.faultline.bench;

import java.io.IOException;
import org.h2.store.fs.FilePath;

/** H2's files in memory outside the heap, which have channels but no {@link java.nio.file.Path}. */
final class H2Target implements Target {
  private static FilePath path(String name) {
    return FilePath.get("nioMemFS:" + name);
  }

  @Override
  public Open open(String name, long bytes) throws IOException {
    return new ChannelTarget.File(path(name).open("rw"));
  }

  @Override
  public void unlink(String name) {
    path(name).delete();
  }

  @Override
  public void close() {}
}
