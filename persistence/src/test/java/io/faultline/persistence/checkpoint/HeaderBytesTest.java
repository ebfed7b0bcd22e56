package io.faultline.persistence.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Inode;
import io.faultline.persistence.checkpoint.CheckpointMerge.Step;
import io.faultline.persistence.segment.VolumeIdentity;
import io.faultline.persistence.volume.Superblock;
import io.faultline.persistence.volume.VolumeDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: whatever a byte of a header becomes, a volume is recovered or refused by a named error,
 * never opened in a wrong state, and nothing hangs or takes memory the files do not have. Method:
 * every byte of the headers of all four formats, each made 0, 1, flipped, one more, one less and
 * random; the state compared with the one that was written. For checkpoints, every byte of the
 * file, and the same with checksums switched off, which must be seen.
 */
@Timeout(60)
class HeaderBytesTest {
  private static final int TRANSACTIONS = 40;
  private static final int RECORD_HEADER_BYTES = 60; // the manifest included
  private static final VolumeIdentity NEXT = new VolumeIdentity(CheckpointedJournal.VOLUME, 2);

  @TempDir private static Path temp;

  private static NavigableMap<String, byte[]> segments = new TreeMap<>();
  private static NavigableMap<String, byte[]> checkpoints = new TreeMap<>();
  private static final List<List<Inode>> STATES = new ArrayList<>();

  /** What is written to a volume's directory. */
  enum Format {
    SUPERBLOCK,
    SEGMENT_HEADER,
    RECORD,
    CHECKPOINT
  }

  @BeforeAll
  static void write() throws Exception {
    try (CheckpointedJournal volume = new CheckpointedJournal(21)) {
      STATES.add(List.of());
      for (int i = 0; i < TRANSACTIONS; i++) {
        volume.append();
        STATES.add(volume.history.table().all());
      }
      for (long lsn : new long[] {10, 30}) {
        volume.merge().run(new Step(Optional.empty(), lsn, Long.MAX_VALUE));
      }
      segments = CheckpointedJournal.content(volume.journal);
      checkpoints = CheckpointedJournal.content(volume.files);
      assertThat(segments).hasSizeGreaterThan(2);
    }
  }

  private static byte[] becomes(byte old, Random random) {
    return new byte[] {
      0, 1, (byte) ~old, (byte) (old + 1), (byte) (old - 1), (byte) random.nextInt()
    };
  }

  /** Runs {@code trial} with every byte of {@code [from, to)} of {@code file} changed in turn. */
  private static int each(byte[] file, int from, int to, IntConsumer trial) {
    Random random = new Random(from);
    int trials = 0;
    for (int at = from; at < to; at++) {
      byte old = file[at];
      for (byte changed : becomes(old, random)) {
        if (changed != old) {
          file[at] = changed;
          trial.accept(at);
          trials++;
        }
      }
      file[at] = old;
    }
    return trials;
  }

  /** Opens the volume; whether it was refused. */
  private static boolean refused(long lsnMin, int at) {
    try {
      MemoryJournalStore journal = CheckpointedJournal.storeOf(segments);
      RecoveredState state =
          RecoveredState.read(
              journal, new CheckpointFiles(CheckpointedJournal.storeOf(checkpoints)), NEXT);
      assertThat(state.lastLsn()).as("byte %s", at).isBetween(lsnMin, (long) TRANSACTIONS);
      assertThat(state.table().all())
          .as("byte %s", at)
          .isEqualTo(STATES.get((int) state.lastLsn()));
      return false;
    } catch (FsException e) {
      assertThat(e.errno()).isEqualTo(Errno.EUCLEAN);
      assertThat(e.getMessage()).containsPattern("segment|checkpoint|journal");
      return true;
    } catch (IOException e) {
      throw new AssertionError("byte " + at, e);
    }
  }

  /** Folds the whole journal; a wrong state fails, a refusal is counted. */
  private static boolean foldRefused(int at) {
    try {
      long last = TRANSACTIONS - 1;
      assertThat(CheckpointedJournal.fold(CheckpointedJournal.storeOf(segments), last).all())
          .as("byte %s", at)
          .isEqualTo(STATES.get((int) last));
      return false;
    } catch (FsException e) {
      assertThat(e.errno()).isEqualTo(Errno.EUCLEAN);
      return true;
    } catch (IOException e) {
      throw new AssertionError("byte " + at, e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void anyByteOfAnyHeaderIsRecoveredOrRefused(Format format) throws Exception {
    int trials =
        switch (format) {
          case SUPERBLOCK -> superblock();
          case SEGMENT_HEADER -> segmentHeaders();
          case RECORD -> records();
          case CHECKPOINT -> checkpointHeaders();
        };
    assertThat(trials).isGreaterThan(300);
  }

  private static int superblock() throws IOException {
    Superblock written = new Superblock(CheckpointedJournal.VOLUME, "ext4", 4096, 64, 3, 5);
    byte[] bytes = written.encode().array();
    IntConsumer trial =
        at -> {
          try {
            Files.write(temp.resolve("superblock"), bytes);
            assertThat(VolumeDirectory.readSuperblock(temp)).as("byte %s", at).isEqualTo(written);
            throw new AssertionError("byte " + at + " is covered by nothing");
          } catch (FsException e) {
            assertThat(e.errno()).isEqualTo(Errno.EUCLEAN);
            assertThat(e.getMessage()).containsPattern("superblock|format");
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        };
    return each(bytes, 0, 80, trial) + each(bytes, 4092, 4096, trial);
  }

  private static int segmentHeaders() {
    int trials = 0;
    for (byte[] segment : segments.values()) {
      trials +=
          each(
              segment,
              0,
              64,
              at -> {
                refused(TRANSACTIONS, at);
                assertThat(foldRefused(at)).as("byte %s", at).isTrue();
              });
    }
    return trials;
  }

  private static int records() {
    int trials = 0;
    for (Map.Entry<String, byte[]> each : segments.entrySet()) {
      byte[] segment = each.getValue();
      boolean newest = each.getKey().equals(segments.lastKey());
      int length = ByteBuffer.wrap(segment).getInt(64 + 4);
      trials +=
          each(
              segment,
              64,
              64 + RECORD_HEADER_BYTES,
              at -> {
                refused(TRANSACTIONS, at);
                assertThat(foldRefused(at)).as("byte %s", at).isTrue();
              });
      trials += each(segment, 64 + length - 4, 64 + length, at -> refused(TRANSACTIONS, at));
      if (newest) {
        int last = lastRecord(segment);
        // Nobody can tell it from a torn tail.
        trials +=
            each(
                segment,
                last,
                last + RECORD_HEADER_BYTES,
                at -> assertThat(refused(TRANSACTIONS - 1, at)).isFalse());
      }
    }
    return trials;
  }

  private static int lastRecord(byte[] segment) {
    int at = 64;
    for (int next = at; next < segment.length; ) {
      at = next;
      next += ByteBuffer.wrap(segment).getInt(at + 4);
    }
    return at;
  }

  private static int checkpointHeaders() {
    byte[] newest = checkpoints.lastEntry().getValue();
    int block = ByteBuffer.wrap(newest).getInt(64 + 4);
    IntConsumer trial = at -> assertThat(refused(TRANSACTIONS, at)).as("byte %s", at).isFalse();
    return each(newest, 0, 64 + 16 + 12, trial)
        + each(newest, 64 + block - 4, 64 + block, trial)
        + each(newest, newest.length - 48, newest.length, trial);
  }

  /** States that are wrong, of all with one byte of the newest checkpoint flipped. */
  private static int wrongStates(CheckpointMutant... mutants) {
    byte[] newest = checkpoints.lastEntry().getValue();
    int[] wrong = {0};
    for (int i = 0; i < newest.length; i++) {
      int at = i;
      newest[at] ^= 0x10;
      try {
        RecoveryPoint point =
            RecoveryPoint.newest(
                CheckpointedJournal.storeOf(segments),
                new CheckpointFiles(CheckpointedJournal.storeOf(checkpoints)),
                NEXT,
                Set.of(mutants));
        wrong[0] += point.table().all().equals(STATES.get((int) point.anchor().lsn())) ? 0 : 1;
      } catch (UncheckedIOException e) {
        wrong[0]++; // what is no inode was taken for one
      } catch (IOException e) {
        assertThat(e).isInstanceOf(FsException.class);
      } finally {
        newest[at] ^= 0x10;
      }
    }
    return wrong[0];
  }

  @Test
  void noByteOfACheckpointCanChangeUnseen() {
    assertThat(wrongStates()).isZero();
  }

  @Test
  void checkpointWhoseChecksumsAreNotLookedAtIsSeenAsAWrongState() {
    assertThat(wrongStates(CheckpointMutant.CHECKSUM_UNCHECKED)).isPositive();
  }

  @Test
  void checkpointCutAnywhereIsPassedOver() {
    String name = checkpoints.lastKey();
    byte[] whole = checkpoints.lastEntry().getValue();
    for (int length = 0; length < whole.length; length += 7) {
      checkpoints.put(name, java.util.Arrays.copyOf(whole, length));
      assertThat(refused(TRANSACTIONS, length)).isFalse();
    }
    checkpoints.put(name, java.util.Arrays.copyOf(whole, whole.length + 9));
    assertThat(refused(TRANSACTIONS, -1)).isFalse();
    checkpoints.put(name, whole);
  }

  @Test
  void newerFormatsAreRefusedByNumber() throws Exception {
    byte[] newest = checkpoints.lastEntry().getValue().clone();
    withVersion(newest);
    TreeMap<String, byte[]> files = new TreeMap<>(checkpoints);
    files.put(checkpoints.lastKey(), newest);
    assertThatThrownBy(
            () ->
                RecoveryPoint.newest(
                    CheckpointedJournal.storeOf(segments),
                    new CheckpointFiles(CheckpointedJournal.storeOf(files)),
                    NEXT))
        .isInstanceOf(FsException.class)
        .hasMessageContaining("has format 2, this version reads up to 1");
    byte[] segment = segments.firstEntry().getValue().clone();
    withVersion(segment);
    TreeMap<String, byte[]> journal = new TreeMap<>(segments);
    journal.put(segments.firstKey(), segment);
    assertThatThrownBy(
            () -> CheckpointedJournal.fold(CheckpointedJournal.storeOf(journal), TRANSACTIONS))
        .hasMessageContaining("journal format 2, this version reads up to 1");
  }

  /** Both headers have their version and their checksum in the same place. */
  private static void withVersion(byte[] file) {
    ByteBuffer header = ByteBuffer.wrap(file).putInt(8, 2);
    CRC32C crc = new CRC32C();
    crc.update(file, 0, 60);
    header.putInt(60, (int) crc.getValue());
  }
}
