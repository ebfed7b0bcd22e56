package io.faultline.soak.failure;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.FailingVolume;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.engine.device.FailurePlan;
import io.faultline.engine.device.FailurePlan.Failure;
import io.faultline.engine.device.FailurePlan.Kind;
import io.faultline.engine.device.JournalStore;
import io.faultline.engine.device.MemoryJournalStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: what a medium can do without saying so is noticed exactly as far as the class comment of
 * {@link FailurePlan} promises: in the journal, except for its last record, and nowhere in data.
 * (The superblock: {@code BadVolumeTest}.)
 */
@Timeout(60)
class UndetectedDamageTest {
  private static final long SIZE_BYTES = 1L << 20;
  private static final int PAGE = 4096;

  private final FailurePlan image = new FailurePlan(3);
  private final FailurePlan journal = new FailurePlan(3);

  private static byte[] page(int value) {
    byte[] bytes = new byte[PAGE];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static void put(Volume volume, String path, int value) throws IOException {
    try (OpenFile file = volume.open(path, CREATE, WRITE)) {
      file.write(ByteBuffer.wrap(page(value)), 0);
      file.sync();
    }
  }

  private static byte[] get(Volume volume, String path) throws IOException {
    try (OpenFile file = volume.open(path, READ)) {
      ByteBuffer bytes = ByteBuffer.allocate(PAGE);
      assertThat(file.read(bytes, 0)).isEqualTo(PAGE);
      return bytes.array();
    }
  }

  private FailingVolume recovered(FailingVolume volume, boolean all) throws IOException {
    FailingVolume.Remains remains = volume.remains(all);
    volume.close();
    return remains.open(new FailurePlan(0), new FailurePlan(0));
  }

  @Test
  void aRottenBitOfDataIsReadAsIfItWereRight() throws IOException {
    try (FailingVolume volume = FailingVolume.create(SIZE_BYTES, image, journal)) {
      put(volume.volume(), "/f", 65);
      volume.volume().dropCaches();
      image.add(Failure.once(Kind.BIT_ROT, 1));
      byte[] found = get(volume.volume(), "/f");
      assertThat(image.injected()).hasSize(1);
      int wrongBits = 0;
      for (byte b : found) {
        wrongBits += Integer.bitCount((b ^ 65) & 0xFF);
      }
      assertThat(wrongBits).isEqualTo(1);
      // Only the comparison of every cached page with its block, which runs in tests, sees it.
      assertThat(volume.volume().fsck().findings()).allMatch(f -> f.kind().equals("I2"));
      volume.volume().dropCaches();
      assertThat(get(volume.volume(), "/f")).isEqualTo(page(65));
    }
  }

  /** The old content comes back, or what lay in the block before; no call reports it. */
  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"LOST_WRITE", "MISDIRECTED_WRITE", "LYING_FLUSH"})
  void aWriteOfDataThatDidNotArriveIsNotNoticed(Kind kind) throws IOException {
    FailingVolume volume = FailingVolume.create(SIZE_BYTES, image, journal);
    put(volume.volume(), "/f", 65);
    image.add(Failure.from(kind, 1));
    put(volume.volume(), "/f", 66);
    assertThat(image.injected()).isNotEmpty();
    image.clear();
    try (FailingVolume again = recovered(volume, kind != Kind.LYING_FLUSH)) {
      assertThat(get(again.volume(), "/f")).isEqualTo(page(65));
      assertThat(again.leaks()).isEmpty();
      assertThat(again.volume().fsck().findings()).isEmpty();
    }
  }

  /** A record of the journal that others follow is missed at the next opening. */
  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"LOST_WRITE", "MISDIRECTED_WRITE"})
  void aRecordThatDidNotArriveIsNoticedIfOthersFollow(Kind kind) throws IOException {
    FailingVolume volume = FailingVolume.create(SIZE_BYTES, image, journal);
    for (int i = 0; i < 8; i++) {
      put(volume.volume(), "/f" + i, 65);
    }
    journal.add(Failure.once(kind, 1));
    put(volume.volume(), "/lost", 66);
    put(volume.volume(), "/later", 67);
    assertThat(journal.injected()).hasSize(1);
    assertThatThrownBy(() -> recovered(volume, true))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EUCLEAN))
        .hasMessageContaining("transaction");
  }

  /** The last record looks like one that was never finished; what it held is gone in silence. */
  @Test
  void theLastRecordMayBeLostUnnoticed() throws IOException {
    FailingVolume volume = FailingVolume.create(SIZE_BYTES, image, journal);
    put(volume.volume(), "/f", 65);
    journal.add(Failure.once(Kind.LOST_WRITE, 1));
    volume.volume().create("/lost", 0644);
    volume.volume().sync();
    assertThat(journal.injected()).hasSize(1);
    try (FailingVolume again = recovered(volume, true)) {
      assertThat(again.volume().list("/")).extracting(e -> e.name()).containsExactly("f");
      assertThat(again.leaks()).isEmpty();
    }
  }

  @Test
  void aRottenBitOfTheJournalIsNoticedUnlessItIsInTheLastRecord() throws IOException {
    FailingVolume volume = FailingVolume.create(SIZE_BYTES, image, journal);
    for (int i = 0; i < 8; i++) {
      put(volume.volume(), "/f" + i, 65);
    }
    volume.close();
    // Opened again, which cuts the zeros behind the last record for good: a bit there is nobody's.
    FailingVolume reopened = recovered(volume, true);
    reopened.close();
    FailingVolume.Remains remains = reopened.remains(true);
    int noticed = 0;
    for (int seed = 0; seed < 20; seed++) {
      // In the medium: a bit that is wrong in one read only is read again, and right.
      FailingVolume.Remains rotten = rotten(remains, new Random(seed));
      try (FailingVolume again = rotten.open(new FailurePlan(0), new FailurePlan(0))) {
        // The bit was in the last record, which is cut, so every file but the last is there.
        assertThat(again.volume().list("/")).hasSizeGreaterThanOrEqualTo(7);
      } catch (ErrnoException e) {
        assertThat(e.errno()).isEqualTo(Errno.EUCLEAN);
        noticed++;
      }
    }
    assertThat(noticed).isGreaterThan(10);
  }

  private static FailingVolume.Remains rotten(FailingVolume.Remains remains, Random random)
      throws IOException {
    MemoryJournalStore journal = remains.journal().crash();
    try (JournalStore.JournalFile file = journal.open(journal.list().getFirst(), false)) {
      long at = random.nextLong(file.length());
      ByteBuffer one = ByteBuffer.allocate(1);
      file.read(one, at);
      one.put(0, (byte) (one.get(0) ^ (1 << random.nextInt(8))));
      file.write(one.flip(), at);
      file.sync();
    }
    return new FailingVolume.Remains(remains.identity(), remains.image(), journal);
  }
}
