package io.faultline.soak.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.soak.oracle.Mutation.Op;
import io.faultline.soak.oracle.ReadClock.ReadTicket;
import io.faultline.soak.oracle.Violation.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The oracle against histories written by hand: every allowed overlap is accepted, and a doctored
 * read of every kind is found.
 */
class FileOracleTest {

  private static final int SUB = Stamps.SUB_BLOCK_BYTES;
  private static final long ID = 17;

  private final ReadClock clock = new ReadClock();
  private final FileOracle oracle = new FileOracle(clock, ID, 0);

  private long write(long offset, int length) {
    Mutation m = oracle.begin(Op.WRITE, offset, length);
    oracle.end(m);
    return m.generation();
  }

  private void change(Op op, long offset, long length) {
    oracle.end(oracle.begin(op, offset, length));
  }

  private static byte[] stamp(long subBlock, long generation) {
    byte[] bytes = new byte[SUB];
    if (generation > 0) {
      Stamps.fill(bytes, ID, subBlock, 1, generation);
    }
    return bytes;
  }

  private static byte[] torn(byte[] front, byte[] back, int at) {
    byte[] mixed = back.clone();
    System.arraycopy(front, 0, mixed, 0, at);
    return mixed;
  }

  private Optional<Kind> read(ReadTicket ticket, long offset, byte[] saw) {
    return oracle.check(ticket, offset, saw, saw.length).map(Violation::kind);
  }

  private Optional<Kind> readNow(long offset, byte[] saw) {
    return read(oracle.readStart(), offset, saw);
  }

  @Test
  void atRestOnlyTheCurrentVersionIsRight() {
    long old = write(0, 4096);
    long now = write(0, 4096);
    assertThat(readNow(512, stamp(1, now))).isEmpty();
    assertThat(readNow(512, stamp(1, old))).contains(Kind.STALE_READ);
    assertThat(readNow(512, new byte[SUB])).contains(Kind.STALE_READ);
    assertThat(readNow(512, stamp(2, now))).contains(Kind.FOREIGN_DATA);
    assertThat(readNow(512, stamp(1, now + 1000))).contains(Kind.CORRUPT);
    byte[] foreign = new byte[SUB];
    Stamps.fill(foreign, ID + 1, 1, 1, now);
    assertThat(readNow(512, foreign)).contains(Kind.FOREIGN_DATA);
    byte[] damaged = stamp(1, now);
    damaged[300] ^= 1;
    assertThat(readNow(512, damaged)).contains(Kind.CORRUPT);
    assertThat(readNow(512, torn(stamp(1, now), stamp(1, old), 100))).contains(Kind.CORRUPT);
  }

  @Test
  void aReadThatStartsAfterPunchReturnedSeesZeros() {
    long generation = write(0, 4096);
    ReadTicket overlapping = oracle.readStart();
    change(Op.PUNCH, 0, 4096);
    assertThat(readNow(0, stamp(0, generation))).contains(Kind.STALE_READ);
    assertThat(readNow(0, new byte[SUB])).isEmpty();
    assertThat(read(overlapping, 0, stamp(0, generation))).isEmpty();
  }

  @Test
  void everyVersionOfTheIntervalMayBeSeenAndNoOther() {
    long first = write(0, 512);
    long second = write(0, 512);
    ReadTicket ticket = oracle.readStart();
    long third = write(0, 512);
    long fourth = write(0, 512);
    for (long seen : new long[] {second, third, fourth}) {
      ReadTicket same = new ReadTicket(ticket.start(), oracle.readStart().slot());
      assertThat(read(same, 0, stamp(0, seen))).as("generation %d", seen).isEmpty();
    }
    assertThat(read(ticket, 0, stamp(0, first))).contains(Kind.STALE_READ);
  }

  @Test
  void anUnfinishedMutationMayOrMayNotBeSeenAndMayTear() {
    long old = write(0, 4096);
    Mutation punch = oracle.begin(Op.PUNCH, 0, 2048);
    assertThat(readNow(0, stamp(0, old))).isEmpty();
    assertThat(readNow(0, new byte[SUB])).isEmpty();
    assertThat(readNow(0, torn(new byte[SUB], stamp(0, old), 200))).isEmpty();
    assertThat(readNow(2048, torn(new byte[SUB], stamp(4, old), 200))).contains(Kind.CORRUPT);
    byte[] withThird = torn(new byte[SUB], stamp(0, old), 200);
    withThird[400] ^= 0x55;
    assertThat(readNow(0, withThird)).contains(Kind.CORRUPT);
    oracle.end(punch);
    assertThat(readNow(0, torn(new byte[SUB], stamp(0, old), 200))).contains(Kind.CORRUPT);
    assertThat(readNow(2048, stamp(4, old))).isEmpty();
  }

  @Test
  void aReadMayMixVersionsOfDifferentSubBlocks() {
    long old = write(0, 1024);
    ReadTicket ticket = oracle.readStart();
    long now = write(0, 1024);
    byte[] both = Arrays.copyOf(stamp(0, old), 1024);
    System.arraycopy(stamp(1, now), 0, both, SUB, SUB);
    assertThat(read(ticket, 0, both)).isEmpty();
    assertThat(readNow(0, both)).contains(Kind.STALE_READ);
  }

  @Test
  void unalignedReadsAreJudgedByTheirPieces() {
    long old = write(0, 1024);
    long now = write(0, 1024);
    byte[] right = new byte[1024];
    Stamps.fill(right, ID, 0, 2, now);
    assertThat(readNow(3, Arrays.copyOfRange(right, 3, 1021))).isEmpty();
    assertThat(readNow(1, Arrays.copyOfRange(right, 1, 4))).isEmpty();
    byte[] stale = new byte[1024];
    Stamps.fill(stale, ID, 0, 2, old);
    assertThat(readNow(100, Arrays.copyOfRange(stale, 100, 300))).contains(Kind.STALE_READ);
    byte[] foreign = new byte[1024];
    Stamps.fill(foreign, ID + 5, 0, 2, old);
    assertThat(readNow(100, Arrays.copyOfRange(foreign, 100, 300))).contains(Kind.FOREIGN_DATA);
    assertThat(readNow(100, new byte[200])).contains(Kind.STALE_READ);
    byte[] damaged = Arrays.copyOfRange(right, 100, 300);
    damaged[50] ^= 4;
    assertThat(readNow(100, damaged)).contains(Kind.CORRUPT);
  }

  @Test
  void endOfFileIsHonest() {
    long generation = write(0, 4096);
    byte[] page = new byte[4096];
    Stamps.fill(page, ID, 0, 8, generation);
    byte[] buffer = Arrays.copyOf(page, 8192);
    assertThat(oracle.check(oracle.readStart(), 0, buffer, 4096)).isEmpty();
    assertThat(kind(oracle.check(oracle.readStart(), 0, buffer, 4097))).contains(Kind.PAST_EOF);
    assertThat(kind(oracle.check(oracle.readStart(), 0, buffer, 4095))).contains(Kind.SHORT_READ);
    assertThat(kind(oracle.check(oracle.readStart(), 0, buffer, -1))).contains(Kind.SHORT_READ);
    assertThat(oracle.check(oracle.readStart(), 4096, buffer, -1)).isEmpty();
    ReadTicket during = oracle.readStart();
    change(Op.TRUNCATE, 1024, 0);
    change(Op.TRUNCATE, 4096, 0);
    assertThat(oracle.check(during, 0, buffer, 1024)).isEmpty();
    assertThat(kind(oracle.check(oracle.readStart(), 0, buffer, 1024))).contains(Kind.SHORT_READ);
    byte[] regrown = Arrays.copyOf(page, 4096);
    assertThat(readNow(0, regrown)).contains(Kind.STALE_READ);
    Arrays.fill(regrown, 1024, 4096, (byte) 0);
    assertThat(readNow(0, regrown)).isEmpty();
    Mutation append = oracle.begin(Op.APPEND, 0, 4096);
    assertThat(append.offset()).isEqualTo(4096);
    assertThat(kind(oracle.check(oracle.readStart(), 0, new byte[9000], 9000)))
        .contains(Kind.PAST_EOF);
    assertThat(oracle.check(oracle.readStart(), 8192, new byte[10], 0)).isEmpty();
    oracle.end(append);
    assertThat(oracle.sizeBytes()).isEqualTo(8192);
  }

  @Test
  void growingExposesZerosOnly() {
    write(0, 512);
    change(Op.ALLOCATE, 0, 2048);
    change(Op.ZERO, 2048, 1024);
    long far = write(8192, 512);
    assertThat(oracle.sizeBytes()).isEqualTo(8704);
    assertThat(readNow(512, new byte[7680])).isEmpty();
    assertThat(readNow(4096, stamp(8, far))).contains(Kind.STALE_READ);
    assertThat(readNow(8192, stamp(16, far))).isEmpty();
  }

  @Test
  void whatFailedMayBeThereUntilTheNextSuccess() {
    long old = write(0, 1024);
    Mutation failed = oracle.begin(Op.WRITE, 0, 1024);
    oracle.fail(failed);
    assertThat(readNow(0, stamp(0, old))).isEmpty();
    assertThat(readNow(0, stamp(0, failed.generation()))).isEmpty();
    assertThat(readNow(0, torn(stamp(0, old), stamp(0, failed.generation()), 99))).isEmpty();
    assertThat(readNow(0, new byte[SUB])).contains(Kind.STALE_READ);
    long now = write(0, 512);
    assertThat(readNow(0, stamp(0, failed.generation()))).contains(Kind.STALE_READ);
    assertThat(readNow(0, stamp(0, old))).contains(Kind.STALE_READ);
    assertThat(readNow(0, stamp(0, now))).isEmpty();
    assertThat(readNow(512, stamp(1, failed.generation()))).isEmpty();
    Mutation growing = oracle.begin(Op.APPEND, 0, 1024);
    assertThatThrownBy(() -> oracle.fail(growing)).isInstanceOf(IllegalArgumentException.class);
    assertThat(kind(oracle.fail(growing, 4096))).contains(Kind.WRONG_SIZE);
    Mutation cut = oracle.begin(Op.WRITE, 0, 1024);
    oracle.end(cut, 512);
    assertThat(readNow(0, stamp(0, now))).contains(Kind.STALE_READ);
    assertThat(readNow(512, stamp(1, old))).isEmpty();
    assertThat(readNow(512, stamp(1, cut.generation()))).isEmpty();
  }

  @Test
  void loadsSeeZerosPastTheEndButNothingElse() {
    long generation = write(0, 512);
    byte[] page = Arrays.copyOf(stamp(0, generation), 4096);
    assertThat(oracle.checkLoad(oracle.readStart(), 0, page)).isEmpty();
    page[3000] = 1;
    assertThat(kind(oracle.checkLoad(oracle.readStart(), 0, page))).contains(Kind.CORRUPT);
    Mutation store = oracle.begin(Op.STORE, 0, 4096);
    assertThat(store.lengthBytes()).isEqualTo(512);
    oracle.end(store);
    assertThat(readNow(0, stamp(0, store.generation()))).isEmpty();
  }

  @Test
  void historyLastsAsLongAsAReadThatCanSeeItAndNoLonger() {
    long old = write(0, 512);
    ReadTicket slow = oracle.readStart();
    for (int i = 0; i < 1_000; i++) {
      write(0, 512);
    }
    assertThat(read(slow, 0, stamp(0, old))).isEmpty();
    SubBlockVersions versions = new SubBlockVersions();
    versions.succeed(0, 1, 5, 6);
    versions.succeed(0, 1, 7, 8);
    versions.forget(6);
    assertThat(versions.allowed(0, 6, 9, List.of())).containsExactlyInAnyOrder(7, 5);
    versions.forget(8);
    assertThat(versions.pastCount()).isZero();
    assertThat(versions.allowed(0, 8, 9, List.of())).containsExactly(7);
  }

  @Test
  void overlappingMutationsWaitDisjointOnesDoNot() throws Exception {
    write(0, 8192);
    Mutation first = oracle.begin(Op.WRITE, 0, 4096);
    Mutation disjoint = oracle.begin(Op.PUNCH, 4096, 4096);
    CompletableFuture<Mutation> overlapping =
        CompletableFuture.supplyAsync(() -> oracle.begin(Op.ZERO_KEEP, 0, 512));
    CompletableFuture<Mutation> truncate =
        CompletableFuture.supplyAsync(() -> oracle.begin(Op.TRUNCATE, 0, 0));
    assertThatThrownBy(() -> overlapping.get(50, TimeUnit.MILLISECONDS))
        .isInstanceOf(java.util.concurrent.TimeoutException.class);
    assertThat(truncate).isNotDone();
    oracle.end(disjoint);
    oracle.end(first);
    CompletableFuture.anyOf(overlapping, truncate).get(10, TimeUnit.SECONDS);
    CompletableFuture<Mutation> sooner = overlapping.isDone() ? overlapping : truncate;
    CompletableFuture<Mutation> later = overlapping.isDone() ? truncate : overlapping;
    assertThat(later).isNotDone();
    oracle.end(sooner.get());
    oracle.end(later.get(10, TimeUnit.SECONDS));
    assertThatThrownBy(() -> oracle.end(first)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void finalCheckComparesSizeAndEveryByte() throws Exception {
    long generation = write(0, 1 << 20);
    byte[] image = new byte[1 << 20];
    Stamps.fill(image, ID, 0, image.length / SUB, generation);
    assertThat(oracle.finalCheck(image.length, reader(image))).isEmpty();
    assertThat(oracle.finalCheck(image.length - 1, reader(image)))
        .extracting(Violation::kind)
        .containsExactly(Kind.WRONG_SIZE);
    byte[] wrong = image.clone();
    wrong[777_777] ^= 1;
    assertThat(oracle.finalCheck(wrong.length, reader(wrong)))
        .extracting(Violation::offset)
        .containsExactly(777_777L / SUB * SUB);
    byte[] longer = Arrays.copyOf(image, image.length + 512);
    assertThat(oracle.finalCheck(image.length, reader(longer)))
        .extracting(Violation::kind)
        .contains(Kind.PAST_EOF);
    Mutation open = oracle.begin(Op.PUNCH, 0, 512);
    assertThatThrownBy(() -> oracle.finalCheck(image.length, reader(image)))
        .isInstanceOf(IllegalStateException.class);
    oracle.end(open);
  }

  @Test
  void theLineIsTheOneScriptsLookFor() {
    long generation = write(0, 512);
    change(Op.PUNCH, 0, 512);
    Violation violation =
        oracle.check(oracle.readStart(), 0, stamp(0, generation), SUB).orElseThrow();
    assertThat(violation.line())
        .isEqualTo(
            "VIOLATION kind=stale-read ino=17 offset=0 saw=gen:"
                + generation
                + " allowed=zeros lsn=-");
    assertThat(violation.at(42).line()).endsWith(" lsn=42");
  }

  private static Optional<Kind> kind(Optional<Violation> violation) {
    return violation.map(Violation::kind);
  }

  private static FileOracle.RangeReader reader(byte[] image) {
    return (offset, target) -> {
      int count = (int) Math.max(0, Math.min(target.length, image.length - offset));
      System.arraycopy(image, (int) Math.min(offset, image.length), target, 0, count);
      return count;
    };
  }
}
