package io.faultline.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.FailurePlan.Failure;
import io.faultline.engine.device.FailurePlan.Kind;
import io.faultline.engine.device.JournalStore.JournalFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Goal: each kind of failure does to a journal what it says, at its number, and nothing else. */
class FailingJournalStoreTest {
  private final MemoryJournalStore below = new MemoryJournalStore();

  private static ByteBuffer filled(int value, int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  @Test
  void zerosAreAskedForAsByTheStoreBelow() {
    JournalStore zeros = new FailingJournalStore(new MemoryJournalStore(77), new FailurePlan(0));
    assertThat(zeros.zerosAheadBytes()).isEqualTo(77);
  }

  private byte[] content(int length) throws IOException {
    ByteBuffer all = ByteBuffer.allocate(length);
    try (JournalFile file = below.open("a", false)) {
      file.read(all, 0);
    }
    return all.array();
  }

  private JournalFile open(FailurePlan plan) throws IOException {
    try (JournalFile file = below.open("a", true)) {
      file.truncate(0);
      file.write(filled(1, 2048), 0);
    }
    return new FailingJournalStore(below, plan).open("a", false);
  }

  private String outcome(JournalFile file, Kind kind) throws IOException {
    try {
      switch (kind.op()) {
        case READ -> file.read(ByteBuffer.allocate(10), 0);
        case WRITE -> file.write(filled(2, 100), 512);
        default -> file.sync();
      }
      return "+";
    } catch (IOException e) {
      assertThat(e).hasMessageContaining(kind == Kind.NO_SPACE ? "ENOSPC" : "EIO");
      return "-";
    }
  }

  @Test
  void errorsComeAtTheirNumberOnceOrForEver() throws IOException {
    for (Kind kind :
        new Kind[] {Kind.READ_ERROR, Kind.WRITE_ERROR, Kind.NO_SPACE, Kind.FLUSH_ERROR}) {
      for (boolean sticky : new boolean[] {false, true}) {
        FailurePlan plan =
            new FailurePlan(1).add(sticky ? Failure.from(kind, 2) : Failure.once(kind, 2));
        JournalFile file = open(plan);
        StringBuilder outcomes = new StringBuilder();
        for (int i = 0; i < 4; i++) {
          outcomes.append(outcome(file, kind));
        }
        assertThat(outcomes.toString()).as("%s", kind).isEqualTo(sticky ? "+---" : "+-++");
        assertThat(plan.injected()).hasSize(sticky ? 3 : 1);
      }
    }
  }

  @Test
  void aFailedWriteLeavesWhatWasThere() throws IOException {
    for (Kind kind : new Kind[] {Kind.WRITE_ERROR, Kind.NO_SPACE, Kind.LOST_WRITE}) {
      JournalFile file = open(new FailurePlan(1).add(Failure.once(kind, 1)));
      assertThat(outcome(file, kind)).isEqualTo(kind == Kind.LOST_WRITE ? "+" : "-");
      assertThat(content(2048)).containsOnly(1);
    }
  }

  @Test
  void aTornWriteEndsAtASectorInsideIt() throws IOException {
    TreeSet<Integer> ends = new TreeSet<>();
    for (int seed = 0; seed < 40; seed++) {
      JournalFile file = open(new FailurePlan(seed).add(Failure.once(Kind.TORN_WRITE, 1)));
      assertThatThrownBy(() -> file.write(filled(2, 1500), 100)).hasMessageContaining("EIO");
      byte[] found = content(2048);
      int end = 100;
      while (found[end] == 2) {
        end++;
      }
      assertThat(Arrays.copyOfRange(found, end, 2048)).containsOnly(1);
      ends.add(end);
    }
    assertThat(ends).containsExactly(512, 1024, 1536);
  }

  @Test
  void aMisdirectedWriteLandsBeforeItsPlace() throws IOException {
    JournalFile file = open(new FailurePlan(1).add(Failure.once(Kind.MISDIRECTED_WRITE, 1)));
    file.write(filled(2, 100), 1024);
    byte[] found = content(2048);
    assertThat(Arrays.copyOfRange(found, 1024, 1124)).containsOnly(1);
    assertThat(found[0] == 2 || found[512] == 2).isTrue();
  }

  @Test
  void bitRotFlipsOneBitOfWhatIsReadAndNothingOnTheMedium() throws IOException {
    JournalFile file = open(new FailurePlan(1).add(Failure.once(Kind.BIT_ROT, 1)));
    ByteBuffer read = ByteBuffer.allocate(300);
    assertThat(file.read(read, 10)).isEqualTo(300);
    int wrong = 0;
    for (byte b : read.array()) {
      wrong += Integer.bitCount((b ^ 1) & 0xFF);
    }
    assertThat(wrong).isEqualTo(1);
    assertThat(content(2048)).containsOnly(1);
  }

  @Test
  void aLyingSyncMakesNothingDurableNorDoesAFailedOne() throws IOException {
    for (Kind kind : new Kind[] {Kind.LYING_FLUSH, Kind.FLUSH_ERROR}) {
      FailurePlan plan = new FailurePlan(1);
      FailingJournalStore store = new FailingJournalStore(below, plan);
      String name = kind == Kind.LYING_FLUSH ? "lied" : "failed";
      store.open(name, true).close();
      plan.add(Failure.once(kind, 1));
      if (kind == Kind.LYING_FLUSH) {
        store.syncDirectory();
      } else {
        assertThatThrownBy(store::syncDirectory).hasMessageContaining("EIO");
      }
      assertThat(below.crash().list()).doesNotContain(name);
    }
  }
}
