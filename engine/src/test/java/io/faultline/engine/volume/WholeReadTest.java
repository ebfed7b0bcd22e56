package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.Guard;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: a whole read shows every call of a writer whole or not at all, whatever is cached. Method:
 * writers whose states can be told from each other; the same reads page by page show mixtures.
 */
@Timeout(120)
class WholeReadTest {
  private static final int PAGES = 12;
  private static final int ROUNDS = 3_000;

  private interface Change {
    void make(OpenInode file, int round) throws Exception;
  }

  private interface Look {
    /** What is wrong with these bytes, or null. */
    @Nullable String wrong(ByteBuffer seen);
  }

  /** Reads beside changes until they are made; how many reads were mixtures. */
  private static int mixtures(
      EngineFixture.Setup setup, boolean whole, int rounds, Change change, Look look)
      throws Exception {
    try (EngineFixture volume = EngineFixture.open(setup)) {
      OpenInode file = volume.file("/f");
      write(file, 0, bytes((char) 1, PAGES * PAGE));
      AtomicBoolean ends = new AtomicBoolean();
      AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
      Thread writer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      for (int round = 0; round < rounds; round++) {
                        change.make(file, round);
                      }
                    } catch (Throwable t) {
                      failed.set(t);
                    } finally {
                      ends.set(true);
                    }
                  });
      int mixtures = 0;
      ByteBuffer seen = ByteBuffer.allocate(PAGES * PAGE);
      while (!ends.get()) {
        seen.clear();
        int n = whole ? file.readWhole(seen, 0) : file.read(seen, 0);
        assertThat(n).isEqualTo(seen.position());
        mixtures += look.wrong(seen.flip()) == null ? 0 : 1;
      }
      writer.join();
      assertThat(failed.get()).isNull();
      return mixtures;
    }
  }

  private static int overwrites(EngineFixture.Setup setup, boolean whole) throws Exception {
    return mixtures(
        setup,
        whole,
        ROUNDS,
        (file, round) -> write(file, 0, bytes((char) (1 + round % 100), PAGES * PAGE)),
        seen -> {
          for (int i = 0; i < seen.limit(); i += 512) {
            if (seen.get(i) != seen.get(0)) {
              return "mixed at " + i;
            }
          }
          return seen.limit() == PAGES * PAGE ? null : "short";
        });
  }

  @ParameterizedTest
  @EnumSource(
      value = Guard.class,
      names = {"MAPPING_LOCK", "RANGE_LOCK", "READS_UNDER_IO_LOCK"})
  void writesOfManyPagesAreSeenWhole(Guard guard) throws Exception {
    assertThat(overwrites(SMALL.withGuard(guard), true)).isZero();
  }

  @Test
  void pageByPageTheyAreNot() throws Exception {
    assertThat(overwrites(SMALL, false)).isPositive();
  }

  /** The first page is written before the last, so no moment has the last one ahead. */
  private static int orderedWrites(boolean whole) throws Exception {
    return mixtures(
        SMALL,
        whole,
        ROUNDS * 4,
        (file, round) -> {
          int page = round % 2 == 0 ? 0 : PAGES - 1;
          write(file, (long) page * PAGE, bytes((char) ((round / 2 + 2) % 100), 64));
        },
        seen -> {
          int ahead = seen.get(0) - seen.get((PAGES - 1) * PAGE);
          // The last page follows the first; a mixture has it in front, or far behind.
          return ahead == 0 || ahead == 1 || ahead == -99 ? null : "ahead by " + ahead;
        });
  }

  @Test
  void writesOfSinglePagesAreSeenInTheirOrder() throws Exception {
    assertThat(orderedWrites(true)).isZero();
  }

  @Test
  void pageByPageTheyAreSeenOutOfOrder() throws Exception {
    assertThat(orderedWrites(false)).isPositive();
  }

  @Test
  void sizesAndHolesBelongToTheMoment() throws Exception {
    int mixtures =
        mixtures(
            SMALL,
            true,
            400,
            (file, round) -> {
              switch (round % 3) {
                case 0 -> OpenInode.call(() -> file.truncate(100));
                case 1 -> OpenInode.call(() -> file.truncate((long) PAGES * PAGE));
                default -> write(file, 0, bytes((char) 1, PAGES * PAGE));
              }
            },
            seen -> {
              boolean cut = seen.limit() == 100;
              boolean full = seen.limit() == PAGES * PAGE;
              if (!cut && !full) {
                return "size " + seen.limit();
              }
              byte behind = cut ? 0 : seen.get(256);
              for (int i = 256; full && i < seen.limit(); i += 256) {
                if (seen.get(i) != behind) {
                  return "mixed at " + i;
                }
              }
              return seen.get(0) == 1 ? null : "lost";
            });
    assertThat(mixtures).isZero();
  }

  @Test
  void whatDoesNotFitTheCacheIsReadWholeUnderTheLock() throws Exception {
    int pages = 2 * SMALL.frames();
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      OpenInode file = volume.file("/f");
      for (int page = 0; page < pages; page += 64) {
        write(file, (long) page * PAGE, bytes('A', 64 * PAGE));
      }
      ByteBuffer seen = ByteBuffer.allocate(pages * PAGE + 10);
      assertThat(file.readWhole(seen, 0)).isEqualTo(pages * PAGE);
      for (int i = 0; i < pages * PAGE; i += PAGE) {
        assertThat(seen.get(i)).isEqualTo((byte) 'A');
      }
      assertThat(file.readWhole(seen, (long) pages * PAGE)).isZero();
      assertThatThrownBy(() -> file.readWhole(ByteBuffer.allocate(10), -1))
          .isInstanceOfSatisfying(
              FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }
  }
}
