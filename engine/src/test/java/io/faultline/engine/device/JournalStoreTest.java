package io.faultline.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.JournalStore.JournalFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: both stores behave alike while the power is on, and the one in memory loses exactly what it
 * may.
 */
@Timeout(60)
class JournalStoreTest {
  @TempDir Path dir;

  private static ByteBuffer bytes(int length, int fill) {
    byte[] b = new byte[length];
    Arrays.fill(b, (byte) fill);
    return ByteBuffer.wrap(b);
  }

  private static byte[] content(JournalStore store, String name) throws IOException {
    try (JournalFile file = store.open(name, false)) {
      ByteBuffer all = ByteBuffer.allocate((int) file.length());
      file.read(all, 0);
      return all.array();
    }
  }

  @Test
  void bothStoresAgreeOnOrdinaryUse() throws IOException {
    for (JournalStore store : List.of(new MemoryJournalStore(), new DirectoryJournalStore(dir))) {
      assertThatThrownBy(() -> store.open("a", false)).isInstanceOf(NoSuchFileException.class);
      assertThatThrownBy(() -> store.delete("a")).isInstanceOf(NoSuchFileException.class);
      assertThatThrownBy(() -> store.open("../a", true))
          .isInstanceOf(IllegalArgumentException.class);
      try (JournalFile file = store.open("b", true)) {
        file.write(bytes(10, 1), 5); // a gap before it
        file.write(bytes(3, 2), 13);
        file.sync();
        assertThat(file.length()).isEqualTo(16);
        ByteBuffer past = ByteBuffer.allocate(4);
        assertThat(file.read(past, 16)).isEqualTo(-1);
        assertThat(file.read(past, 14)).isEqualTo(2);
        file.truncate(100);
        file.truncate(6);
        file.write(bytes(1, 7), 8);
      }
      store.open("a", true).close();
      store.syncDirectory();
      assertThat(store.list()).containsExactly("a", "b");
      assertThat(content(store, "b")).containsExactly(0, 0, 0, 0, 0, 1, 0, 0, 7);
      store.delete("b");
      assertThat(store.list()).containsExactly("a");
    }
  }

  @Test
  void interruptsFromOutsideNeitherCloseTheFileNorGetLost() throws IOException {
    JournalStore store = new DirectoryJournalStore(dir);
    try (JournalFile file = store.open("a", true)) {
      for (int i = 0; i < 50; i++) {
        Thread.currentThread().interrupt();
        file.write(bytes(100, i), i * 100L);
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
        file.sync();
        assertThat(Thread.interrupted()).isTrue();
      }
      assertThat(file.length()).isEqualTo(5000);
    }
    assertThat(content(store, "a")[4999]).isEqualTo((byte) 49);
  }

  @Test
  void aChannelClosedUnderneathIsOpenedAgainButOneWeClosedStaysClosed() throws IOException {
    SteadyChannel channel =
        new SteadyChannel(
            dir.resolve("x"),
            java.util.Set.of(
                java.nio.file.StandardOpenOption.CREATE_NEW,
                java.nio.file.StandardOpenOption.WRITE));
    channel.run(
        c -> {
          if (channel.reopened() == 0) {
            Thread.currentThread().interrupt(); // arrives inside the operation
          }
          return c.write(bytes(1, 1), 0);
        });
    assertThat(Thread.interrupted()).isTrue();
    assertThat(channel.reopened()).isEqualTo(1);
    Thread.currentThread().interrupt(); // one that came before costs no reopening
    channel.writeFully(bytes(1, 1), 0);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(channel.reopened()).isEqualTo(1);
    channel.close();
    assertThatThrownBy(() -> channel.writeFully(bytes(1, 1), 0))
        .isInstanceOf(java.nio.channels.ClosedChannelException.class);
  }

  @Test
  void aCrashTakesUnsyncedBytesAndUnsyncedNames() throws IOException {
    MemoryJournalStore store = new MemoryJournalStore();
    try (JournalFile a = store.open("a", true);
        JournalFile b = store.open("b", true)) {
      a.write(bytes(4, 1), 0);
      a.sync();
      assertThat(store.crash().list()).isEmpty(); // synced bytes under a name that is not
      store.syncDirectory();
      b.write(bytes(4, 1), 0);
      a.write(bytes(4, 2), 2);
      a.truncate(5);
      MemoryJournalStore after = store.crash();
      assertThat(after.list()).containsExactly("a", "b");
      assertThat(content(after, "a")).containsExactly(1, 1, 1, 1);
      assertThat(content(after, "b")).isEmpty();
      assertThat(content(store, "a")).containsExactly(1, 1, 2, 2, 2);
      a.sync();
      assertThat(content(store.crash(), "a")).containsExactly(1, 1, 2, 2, 2);
    }
    store.delete("a");
    assertThat(store.crash().list()).containsExactly("a", "b");
    store.syncDirectory();
    assertThat(store.crash().list()).containsExactly("b");
  }

  @Test
  void seededCrashesReachEveryPermittedState() throws IOException {
    MemoryJournalStore store = new MemoryJournalStore();
    TreeSet<String> states = new TreeSet<>();
    JournalFile a = store.open("a", true);
    a.write(bytes(100, 1), 0);
    a.sync();
    store.syncDirectory();
    a.write(bytes(1200, 2), 100); // sector boundaries at 512 and 1024
    a.write(bytes(10, 3), 1300);
    store.open("new", true);
    for (long seed = 0; seed < 400; seed++) {
      MemoryJournalStore after = store.crash(seed);
      byte[] bytes = content(after, "a");
      assertThat(bytes).isEqualTo(content(store.crash(seed), "a"));
      assertThat(Arrays.copyOf(bytes, 100)).containsOnly(1);
      int end = 100;
      while (end < bytes.length && bytes[end] == 2) {
        end++;
      }
      boolean third = bytes.length == 1310 && bytes[1309] == 3;
      states.add("second=" + end + " third=" + third + " new=" + after.list().contains("new"));
    }
    // 4 prefixes of the second write, the third there or not, the name there or not.
    assertThat(states).hasSize(16);
    assertThat(states).allMatch(s -> s.matches("second=(100|512|1024|1300) .*"));
  }

  @Test
  void whatAFailedSyncCoveredIsNeverMadeDurable() throws IOException {
    MemoryJournalStore store = new MemoryJournalStore();
    JournalFile a = store.open("a", true);
    store.syncDirectory();
    a.write(bytes(4, 1), 0);
    store.failSync(1, false);
    assertThatThrownBy(a::sync).hasMessageContaining("EIO");
    a.sync(); // reports success and must not be believed
    assertThat(content(store.crash(), "a")).isEmpty();
    assertThat(content(store, "a")).containsExactly(1, 1, 1, 1);
    a.write(bytes(4, 1), 0); // the control: written again, synced again, durable
    a.sync();
    assertThat(content(store.crash(), "a")).containsExactly(1, 1, 1, 1);
    assertThat(store.syncs()).isEqualTo(4);
  }

  @Test
  void writesFailAtTheirNumberAndLeaveTheFileAsItWas() throws IOException {
    MemoryJournalStore store = new MemoryJournalStore();
    JournalFile a = store.open("a", true);
    store.failWrite(2, true);
    a.write(bytes(2, 1), 0);
    assertThatThrownBy(() -> a.write(bytes(2, 2), 0)).hasMessageContaining("EIO");
    assertThatThrownBy(() -> a.write(bytes(2, 2), 0)).hasMessageContaining("EIO");
    assertThat(content(store, "a")).containsExactly(1, 1);
    store.heal();
    a.write(bytes(2, 3), 0);
    assertThat(content(store, "a")).containsExactly(3, 3);
  }
}
