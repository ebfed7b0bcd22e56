package io.faultline;

import static java.nio.file.StandardOpenOption.READ;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What processes said before they were killed, and so what each page of their volume may hold: what
 * it held when it was last synced, or anything written or punched since; a page is its stamp from
 * end to end or zeros, never another's. Zeros also where bytes were not written back in time. What
 * was found after a kill is the past of the next process. Not thread-safe.
 */
final class KillLedger {
  static final int FILES = 4;
  static final int PAGES = 24;

  /** A page's stamps that may be found, 0 for zeros; what was synced last comes first. */
  private final Map<Integer, List<Long>> allowed = new HashMap<>();

  private long nextSeq = 1;

  /** A page that says what it is. */
  static byte[] stamp(int file, int page, long seq) {
    ByteBuffer bytes = ByteBuffer.allocate(4_096);
    while (bytes.hasRemaining()) {
      bytes.putLong(seq << 16 | (long) page << 8 | file);
    }
    return bytes.array();
  }

  /** A number that no stamp has had. */
  long nextSeq() {
    return nextSeq;
  }

  private List<Long> of(int file, int page) {
    return allowed.computeIfAbsent(file * PAGES + page, key -> new ArrayList<>(List.of(0L)));
  }

  /** One line of a process. */
  void heard(String line) {
    String[] words = line.split(" ", -1);
    if (words[0].equals("synced")) {
      for (int f = 0; f < FILES; f++) {
        for (int p = 0; p < PAGES && (words[1].equals("all") || words[1].equals("" + f)); p++) {
          List<Long> stamps = of(f, p);
          stamps.subList(0, stamps.size() - 1).clear();
        }
      }
      return;
    }
    if (words.length == 4) { // the last line of a killed process may be cut short
      long seq = Long.parseLong(words[3]);
      nextSeq = Math.max(nextSeq, seq + 1);
      of(Integer.parseInt(words[1]), Integer.parseInt(words[2]))
          .add(words[0].equals("write") ? seq : 0L);
    }
  }

  /** Fails unless {@code volume} holds what it may; what it holds is what it must from now on. */
  void check(Volume volume, String moment) throws IOException {
    require(volume.fsck().findings().isEmpty(), moment, "fsck " + volume.fsck().findings());
    for (int f = 0; f < FILES; f++) {
      byte[] bytes = read(volume, "/f" + f);
      for (int p = 0; p < PAGES; p++) {
        ByteBuffer page = ByteBuffer.allocate(4_096);
        int from = Math.min(bytes.length, p * 4_096);
        page.put(bytes, from, Math.min(4_096, bytes.length - from)).clear();
        checkPage(page, f, p, moment);
      }
    }
  }

  private void checkPage(ByteBuffer page, int file, int number, String moment) {
    long stamp = page.getLong(0);
    String where = "/f" + file + " page " + number;
    for (int at = 0; at < 4_096; at += Long.BYTES) {
      require(page.getLong(at) == stamp, moment, where + " is torn at " + at);
    }
    List<Long> stamps = of(file, number);
    long seq = stamp >>> 16;
    boolean own = stamp == 0 || (stamp & 0xffff) == ((long) number << 8 | file);
    boolean zeros = stamp == 0 && stamps.size() > 1;
    require(
        own && (zeros || stamps.contains(seq)),
        moment,
        where + " holds " + Long.toHexString(stamp) + ", allowed are " + stamps);
    stamps.clear();
    stamps.add(seq);
  }

  private static byte[] read(Volume volume, String path) throws IOException {
    boolean there = volume.list("/").stream().anyMatch(entry -> ("/" + entry.name()).equals(path));
    if (!there) {
      return new byte[0];
    }
    try (OpenFile file = volume.open(path, READ)) {
      return CrashHistory.content(file, (int) file.size());
    }
  }

  private static void require(boolean holds, String moment, String what) {
    if (!holds) {
      throw new AssertionError(moment + ": " + what);
    }
  }
}
