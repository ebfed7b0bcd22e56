package io.faultline.soak.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.device.JournalStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Goal: of what was not made durable anything may be lost, of the rest nothing. */
class CrashStatesTest {
  private final Medium medium = new Medium(MediaState.fresh(4, (byte) 0xEE));

  private static void write(JournalStore store, String name, int position, String text)
      throws IOException {
    try (JournalStore.JournalFile file = store.open(name, true)) {
      file.write(ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)), position);
    }
  }

  private Sweep sweep() {
    Sweep sweep = new Sweep(medium.base());
    medium.tape().forEach(sweep::step);
    return sweep;
  }

  private Set<String> filesLeft() {
    Sweep sweep = sweep();
    Set<String> left = new HashSet<>();
    for (Choice choice : Choice.of(sweep.pending(), new SplittableRandom(1))) {
      MediaState state = sweep.cut(choice);
      List<String> files = new ArrayList<>();
      state
          .names()
          .forEach(
              (name, file) ->
                  files.add(
                      name
                          + "="
                          + new String(state.bytes(file), java.nio.charset.StandardCharsets.UTF_8)
                              .replace('\0', '0')));
      left.add(String.join(",", files));
    }
    return left;
  }

  @Test
  void aNewFileMayLackItsNameOrItsBytes() throws IOException {
    write(medium.directory("d"), "f", 0, "ab");
    assertThat(filesLeft()).containsExactlyInAnyOrder("", "d/f=", "d/f=ab", "d/f=00");
    medium.directory("d").syncDirectory();
    assertThat(filesLeft()).containsExactlyInAnyOrder("d/f=", "d/f=ab", "d/f=00");
    try (JournalStore.JournalFile file = medium.directory("d").open("f", false)) {
      file.sync();
    }
    assertThat(filesLeft()).containsExactly("d/f=ab");
  }

  @Test
  void aSyncOfTheFileDoesNotKeepItsName() throws IOException {
    JournalStore store = medium.directory("d");
    write(store, "f", 0, "ab");
    try (JournalStore.JournalFile file = store.open("f", false)) {
      file.sync();
    }
    store.rename("f", "g");
    assertThat(filesLeft()).containsExactlyInAnyOrder("", "d/f=ab", "d/g=ab");
    medium.directory("other").syncDirectory();
    assertThat(filesLeft()).hasSize(3);
    store.syncDirectory();
    assertThat(filesLeft()).containsExactly("d/g=ab");
  }

  @Test
  void writesAreKeptInAnyCombinationAndTornAtSectors() {
    Block one = Block.filled((byte) 1);
    Block two = Block.filled((byte) 2);
    medium.record(new TapeEvent.ImageWritten(0, List.of(one, two)));
    Sweep sweep = sweep();
    Set<List<Integer>> left = new HashSet<>();
    for (Choice choice : Choice.of(sweep.pending(), new SplittableRandom(1))) {
      MediaState state = sweep.cut(choice);
      List<Integer> ends = new ArrayList<>();
      for (int b = 0; b < 2; b++) {
        byte[] bytes = state.block(b).bytes();
        ends.add(bytes[0] & 0xff);
        ends.add(bytes[4_095] & 0xff);
      }
      left.add(ends);
    }
    assertThat(left)
        .contains(
            List.of(0xEE, 0xEE, 0xEE, 0xEE),
            List.of(1, 1, 0xEE, 0xEE),
            List.of(0xEE, 0xEE, 2, 2),
            List.of(1, 1, 2, 2),
            List.of(1, 0xEE, 0xEE, 0xEE),
            List.of(1, 0xEE, 2, 2),
            List.of(1, 1, 2, 0xEE));
    medium.record(new TapeEvent.ImageFlushed());
    assertThat(sweep().pending()).isEmpty();
    assertThat(sweep().cut(Choice.none()).block(1)).isSameAs(two);
  }

  @Test
  void upToEightPendingChangesAllSubsetsAreBuilt() {
    for (int i = 0; i < 8; i++) {
      medium.record(new TapeEvent.NameRemoved("d/" + i));
    }
    assertThat(Choice.of(sweep().pending(), new SplittableRandom(1))).hasSize(256);
    medium.record(new TapeEvent.NameRemoved("d/8"));
    assertThat(Choice.of(sweep().pending(), new SplittableRandom(1))).hasSizeBetween(50, 120);
  }

  @Test
  void equalStatesHaveEqualHashesHoweverTheyCameAbout() {
    MediaState state = medium.visible();
    long before = state.hash();
    state.put(2, Block.filled((byte) 5));
    assertThat(state.hash()).isNotEqualTo(before);
    state.put(2, Block.filled((byte) 0xEE));
    assertThat(state.hash()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create /n; fsync /n @ power 31 0.2~3:512 > kill 12",
        "mkfs; write /n 0 5000 101; interval; reopen @ power 4 -",
        "writeback-elsewhere /a; datasync /a @ lie 20 7",
        "sync @ power 9 -~0:-1",
        "create /n; sync; checkpoint; sync @ power 40 0.2",
        "zero /a 0 4096 keep; sync",
      })
  void trailsAreReadAsTheyAreWritten(String text) {
    assertThat(Trail.parse(text).text()).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"create", "sync @", "sync @ power 1", "sync @ power x -", "fly /a"})
  void whatIsNoTrailIsRefused(String text) {
    assertThatThrownBy(() -> Trail.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
