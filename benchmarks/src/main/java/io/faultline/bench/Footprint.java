package io.faultline.bench;

import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Bytes of Java heap that things take: {@code inode}, a file at rest, name and directory entry
 * included; {@code open}, what it takes more while it is open; {@code page}, a page in the cache,
 * beside the page itself, which lies outside the heap. Measured once.
 *
 * @param files how many files there are
 * @param cacheBytes a cache to fill; another of an eighth of it, of a volume of the same size, is
 *     filled as well and only the difference counts, so that what a volume takes by itself does not
 */
record Footprint(int files, long cacheBytes) implements Windows {
  private static final int DIRECTORY_FILES = 1000;
  private static final int OPEN_FILES_MAX = 10_000;
  private static final int SETTLED_BYTES = 16 << 10;

  /**
   * A checkpoint of a million inodes holds tens of megabytes, and waits for the disk meanwhile; of
   * few there is none.
   */
  private static final int SETTLED_LOOKS = 10;

  private static final int FILES_UNTIL_CHECKPOINTS = 100_000;

  private static final int LOOK_MILLIS = 200;
  private static final int LOOKS_MAX = 300;

  @Override
  public boolean once() {
    return true;
  }

  @Override
  public Session prepare(Target target) {
    EngineTarget engine = EngineTarget.of(target);
    return new Session() {
      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        // The first loads classes.
        cacheHeapBytes(engine.directory.resolve("first"), cacheBytes / 8);
        long small = cacheHeapBytes(engine.directory.resolve("small"), cacheBytes / 8);
        long large = cacheHeapBytes(engine.directory.resolve("large"), cacheBytes);
        double pages = (cacheBytes - cacheBytes / 8) / (double) Pages.BYTES;
        long empty = heapBytes();
        create(engine.volume);
        long made = heapBytes();
        return Map.of(
            "inode",
            (made - empty) / (double) files,
            "open",
            openFileBytes(engine.volume),
            "page",
            (large - small) / pages);
      }

      @Override
      public void close() {}
    };
  }

  private void create(Volume volume) throws IOException {
    for (int i = 0; i < files; i++) {
      if (i % DIRECTORY_FILES == 0) {
        volume.mkdir(directory(i));
      }
      volume.create(path(i), 0644);
    }
    volume.sync();
  }

  private static String directory(int file) {
    return "/" + file / DIRECTORY_FILES;
  }

  private static String path(int file) {
    return directory(file) + "/" + file % DIRECTORY_FILES;
  }

  private double openFileBytes(Volume volume) throws IOException {
    int count = Math.min(files, OPEN_FILES_MAX);
    List<OpenFile> opened = new ArrayList<>(count);
    long before = heapBytes();
    for (int i = 0; i < count; i++) {
      opened.add(volume.open(path(i), StandardOpenOption.READ));
    }
    long after = heapBytes();
    for (OpenFile file : opened) {
      file.close();
    }
    return (after - before) / (double) count;
  }

  /** What a volume takes whose cache of {@code bytes} is full of a file's pages. */
  private long cacheHeapBytes(Path place, long bytes) throws IOException {
    long before = heapBytes();
    try (Volume volume =
            Volume.create(place, VolumeOptions.defaults().size(2 * cacheBytes).cacheSize(bytes));
        OpenFile file = volume.open("/file", StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ByteBuffer page = Pages.buffer(1 << 16);
      for (long at = 0; at < bytes; at += page.capacity()) {
        file.write(page.clear(), at);
      }
      volume.sync();
      return heapBytes() - before;
    }
  }

  /** What is reachable, once the background has let go of nothing for two seconds. */
  private long heapBytes() throws IOException {
    Runtime runtime = Runtime.getRuntime();
    int enough = files < FILES_UNTIL_CHECKPOINTS ? 1 : SETTLED_LOOKS;
    long least = Long.MAX_VALUE;
    for (int look = 0, settled = 0; look < LOOKS_MAX && settled <= enough; look++) {
      System.gc();
      long now = runtime.totalMemory() - runtime.freeMemory();
      settled = now < least - SETTLED_BYTES ? 0 : settled + 1;
      least = Math.min(least, now);
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    return least;
  }
}
