package io.faultline.soak;

/**
 * How large what a soak works on is.
 *
 * @param files how many
 * @param fileBytesMax no file grows beyond; a multiple of 4096
 * @param cacheBytes page cache of the volume
 */
record SoakShape(int files, long fileBytesMax, long cacheBytes) {

  /** 48 files of at most 2 MiB on a cache of 8 MiB. */
  static final SoakShape DEFAULT = new SoakShape(48, 2L << 20, 8L << 20);

  private static final long DATA_PER_CACHE_MIN = 4;

  SoakShape {
    if (files < 1 || fileBytesMax < 1 || fileBytesMax % 4096 != 0) {
      throw new IllegalArgumentException("shape of " + files + " files of " + fileBytesMax);
    }
    if (files * fileBytesMax * 3 / 5 < DATA_PER_CACHE_MIN * cacheBytes) {
      throw new IllegalArgumentException(
          "three fifths of " + files + " files must be 4 times a cache of " + cacheBytes);
    }
  }

  /** What each file holds at the beginning. */
  long fileBytesAtStart() {
    return fileBytesMax * 3 / 5 / 4096 * 4096;
  }

  /** Below this much mapped data the load writes more than it takes away. */
  long dataBytesMin() {
    return Math.max(DATA_PER_CACHE_MIN * cacheBytes, files * fileBytesMax * 11 / 20);
  }

  /**
   * The volume: a little less than all files at their largest, so that blocks are scarce and soon
   * used again, and space can run out.
   */
  long imageBytes(long importedBytes) {
    long scarce = files * fileBytesMax * 15 / 16;
    return (scarce + importedBytes + (16L << 20)) / 4096 * 4096;
  }
}
