package io.faultline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.faultline.engine.runtime.Mutant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: a volume that is full says ENOSPC when it is written to and never later; what it accepted
 * it holds; what is deleted can be written again, all of it and at once.
 */
@Timeout(120)
class FullVolumeTest {
  private static final int PAGE = 4096;
  private static final long SIZE_BYTES = 2L << 20;
  private static final int BLOCKS = (int) (SIZE_BYTES / PAGE);

  @TempDir Path dir;

  @AfterEach
  void noMutants() {
    if (Mutant.ENABLED) {
      Mutant.activate();
    }
  }

  private static byte[] page(int fill) {
    byte[] bytes = new byte[PAGE];
    Arrays.fill(bytes, (byte) fill);
    return bytes;
  }

  /** Writes pages until there is no space; how many there were. */
  private static int fill(Volume volume, String path, int fill) throws IOException {
    try (OpenFile file = volume.open(path, CREATE, WRITE)) {
      for (int page = 0; ; page++) {
        try {
          file.write(ByteBuffer.wrap(page(fill)), (long) page * PAGE);
        } catch (ErrnoException e) {
          assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
          return page;
        }
      }
    }
  }

  private static void assertPages(Volume volume, String path, int pages, int fill)
      throws IOException {
    try (OpenFile file = volume.open(path)) {
      assertThat(file.size()).isEqualTo((long) pages * PAGE);
      byte[] content = CrashHistory.content(file, pages * PAGE);
      for (byte b : content) {
        if (b != fill) {
          fail(path + " holds " + b);
        }
      }
    }
  }

  private void filledDeletedAndFilledAgain() throws IOException {
    try (PowerCutVolume subject = new PowerCutVolume(SIZE_BYTES)) {
      Volume volume = subject.volume();
      for (int round = 1; round <= 3; round++) {
        int pages = fill(volume, "/f", round);
        assertThat(pages).isEqualTo(BLOCKS);
        assertThat(volume.fsck().findings()).isEmpty();
        volume.dropCaches();
        assertPages(volume, "/f", pages, round);
        volume.unlink("/f");
      }
    }
  }

  @Test
  void allThatWasDeletedCanBeWrittenAgainAtOnce() throws IOException {
    filledDeletedAndFilledAgain();
    Mutant.activate(Mutant.R20_NO_COMMIT_BEFORE_ENOSPC);
    assertThatThrownBy(this::filledDeletedAndFilledAgain).isInstanceOf(AssertionError.class);
  }

  private void writtenAndDiscardedAgainAndAgain() throws IOException {
    try (PowerCutVolume subject = new PowerCutVolume(SIZE_BYTES);
        OpenFile file = subject.volume().open("/f", CREATE, WRITE)) {
      for (int round = 0; round < 10; round++) {
        // Less than the cache holds dirty: nothing is written back, all are reservations.
        file.write(ByteBuffer.wrap(new byte[64 * PAGE]), 0);
        file.truncate(0);
      }
      assertThat(fill(subject.volume(), "/g", 1)).isEqualTo(BLOCKS);
    }
  }

  @Test
  void whatIsDiscardedUnwrittenCostsNothing() throws IOException {
    writtenAndDiscardedAgainAndAgain();
    Mutant.activate(Mutant.R20_DISCARD_KEEPS_RESERVATION);
    assertThatThrownBy(this::writtenAndDiscardedAgainAndAgain)
        .isInstanceOfAny(AssertionError.class, ErrnoException.class);
  }

  /**
   * Random changes of a volume that is nearly always full. What a write accepted is what is read; a
   * refused command changed nothing.
   */
  private void liveNearTheBrim(long seed, Path at) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    VolumeOptions options =
        VolumeOptions.defaults().size(SIZE_BYTES).cacheSize("1m").reuseFreedFirst(true);
    Map<String, byte[]> expected = new HashMap<>();
    int refused = 0;
    Volume volume = Volume.create(at, options);
    try {
      for (int i = 0; i < 600; i++) {
        String path = "/f" + random.nextInt(4);
        byte[] now = expected.computeIfAbsent(path, p -> new byte[0]);
        try (OpenFile file = volume.open(path, CREATE, READ, WRITE)) {
          refused += change(file, path, now, expected, random);
          assertThat(file.size()).as(path).isEqualTo(expected.get(path).length);
        }
        if (random.nextInt(150) == 0) {
          volume.close();
          volume = Volume.open(at, options);
        }
        if (random.nextInt(40) == 0) {
          assertHolds(volume, expected);
        }
      }
      assertHolds(volume, expected);
      assertThat(refused).as("commands that met ENOSPC").isGreaterThan(20);
      for (String path : expected.keySet()) {
        volume.unlink(path);
      }
      assertThat(fill(volume, "/all", 7)).isEqualTo(BLOCKS);
      volume.close();
      volume = Volume.open(at, options);
      assertPages(volume, "/all", BLOCKS, 7);
      assertThat(volume.fsck().findings()).isEmpty();
    } finally {
      volume.close();
    }
  }

  private static void assertHolds(Volume volume, Map<String, byte[]> expected) throws IOException {
    for (Map.Entry<String, byte[]> entry : expected.entrySet()) {
      try (OpenFile file = volume.open(entry.getKey(), CREATE, READ, WRITE)) {
        byte[] bytes = entry.getValue();
        assertThat(Arrays.mismatch(CrashHistory.content(file, bytes.length), bytes))
            .as(entry.getKey())
            .isEqualTo(-1);
      }
    }
    assertThat(volume.fsck().findings()).isEmpty();
  }

  /** One change; 1 if it was refused for lack of space. */
  private static int change(
      OpenFile file, String path, byte[] now, Map<String, byte[]> expected, SplittableRandom random)
      throws IOException {
    int at = random.nextInt((int) SIZE_BYTES / 3);
    int length = 1 + random.nextInt(40 * PAGE);
    try {
      switch (random.nextInt(10)) {
        case 0, 1, 2, 3 -> {
          byte[] source = new byte[length];
          Arrays.fill(source, (byte) (1 + random.nextInt(255)));
          int written = file.write(ByteBuffer.wrap(source), at);
          byte[] bytes = Arrays.copyOf(now, Math.max(now.length, at + written));
          System.arraycopy(source, 0, bytes, at, written);
          expected.put(path, bytes);
          return written < length ? 1 : 0;
        }
        case 4 -> file.allocate(at, length, true);
        case 5 -> {
          file.allocate(at, length);
          expected.put(path, Arrays.copyOf(now, Math.max(now.length, at + length)));
        }
        case 6, 7 -> {
          boolean punch = random.nextBoolean();
          if (punch) {
            file.punchHole(at, length);
          } else {
            file.zeroRange(at, length, true);
          }
          byte[] bytes = now.clone();
          int from = Math.min(at, bytes.length);
          Arrays.fill(bytes, from, Math.min(bytes.length, at + length), (byte) 0);
          expected.put(path, bytes);
        }
        case 8 -> {
          file.truncate(at);
          expected.put(path, Arrays.copyOf(now, at));
        }
        default -> file.sync();
      }
      return 0;
    } catch (ErrnoException e) {
      assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
      return 1;
    }
  }

  @Test
  void nothingIsLostNearTheBrim() throws IOException {
    for (long seed = 0; seed < 2; seed++) {
      liveNearTheBrim(seed, dir.resolve("v" + seed));
    }
  }
}
