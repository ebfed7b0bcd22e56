package io.faultline.engine.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;

/**
 * Goal: the ring keeps the newest records, whole ones only. Method: more records than it holds, by
 * one thread and by several while another one copies; each word of a record follows from its first.
 */
class RecordRingTest {
  private static final int RECORDS = 64;
  private static final int RECORDS_MANY = 1_024;

  private static void put(RecordRing ring, long w) {
    ring.add(w, w + 1, w + 2, w + 3, w + 4, w + 5, w + 6);
  }

  private static void requireWhole(long[] record) {
    for (int i = 2; i < record.length; i++) {
      assertThat(record[i]).isEqualTo(record[1] + i - 1);
    }
  }

  private static long slowest(AtomicLongArray written) {
    return Math.min(written.get(0), Math.min(written.get(1), written.get(2)));
  }

  @Test
  void theNewestRecordsAreKept() {
    RecordRing ring = new RecordRing((long) RECORDS * RecordRing.RECORD_BYTES);
    long[] record = new long[8];
    assertThat(ring.copy(1, record)).isFalse();
    for (int i = 1; i <= 100; i++) {
      put(ring, 10L * i);
    }
    assertThat(ring.taken()).isEqualTo(100);
    assertThat(ring.oldest(100)).isEqualTo(37);
    assertThat(ring.copy(36, record)).isFalse();
    for (long number = 37; number <= 100; number++) {
      assertThat(ring.copy(number, record)).isTrue();
      assertThat(record[0]).isEqualTo(number);
      assertThat(record[1]).isEqualTo(10 * number);
      requireWhole(record);
    }
  }

  @Test
  void aRecordThatIsBeingOverwrittenIsLeftOut() throws Exception {
    RecordRing ring = new RecordRing((long) RECORDS_MANY * RecordRing.RECORD_BYTES);
    AtomicLongArray written = new AtomicLongArray(3);
    List<Thread> writers = new ArrayList<>();
    for (int t = 0; t < 3; t++) {
      long base = 1_000_000L * t;
      int self = t;
      writers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (long i = 0; i < 40_000; i++) {
                      // Nobody is overtaken by a lap, whatever the scheduler does.
                      while (i - slowest(written) > RECORDS_MANY / 8) {
                        Thread.onSpinWait();
                      }
                      put(ring, base + i);
                      written.set(self, i + 1);
                    }
                  }));
    }
    long[] record = new long[8];
    long copied = 0;
    while (writers.stream().anyMatch(Thread::isAlive)) {
      long newest = ring.taken();
      for (long number = ring.oldest(newest); number <= newest; number++) {
        if (ring.copy(number, record)) {
          copied++;
          requireWhole(record);
        }
      }
    }
    for (Thread writer : writers) {
      writer.join();
    }
    assertThat(copied).isPositive();
    assertThat(ring.taken()).isEqualTo(120_000);
  }

  @Test
  void aRingHoldsWholeRecords() {
    assertThatThrownBy(() -> new RecordRing(100)).hasMessageContaining("100 bytes are no ring");
  }
}
