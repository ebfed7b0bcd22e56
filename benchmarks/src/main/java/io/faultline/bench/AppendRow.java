package io.faultline.bench;

import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Appends of 4 KiB, each synced, by some threads to a file each or to one file. What was told to be
 * durable is looked for after the volume was opened again: every record names its caller and its
 * place among that caller's, and is filled from both.
 */
final class AppendRow {
  private static final int RECORD_BYTES = 4096;

  /** A file and the calls that went into it: caller {@code first + i} made {@code calls.get(i)}. */
  private record Written(String name, int first, AtomicLongArray calls) {}

  final String key;
  final int threads;
  final boolean shared;
  final List<Callers.Sample> engine = new ArrayList<>();
  final List<Callers.Sample> host = new ArrayList<>();
  private final List<Written> written = new ArrayList<>();

  AppendRow(String key, int threads, boolean shared) {
    this.key = key;
    this.threads = threads;
    this.shared = shared;
  }

  String title() {
    return "append 4 KiB + sync, "
        + (threads == 1 ? "1 thread" : threads + " threads")
        + (shared ? ", one file" : threads == 1 ? "" : ", own files");
  }

  /** One side of one round; rounds below 0 warm up. */
  void measureEngine(Volume volume, int round, int millis) throws IOException {
    Callers.Sample sample =
        measure(name -> AppendLog.of(volume, "/" + name), round, millis, written);
    if (round >= 0) {
      engine.add(sample);
    }
  }

  /** The other side; its files are removed at once. */
  void measureHost(Path directory, int round, int millis) throws IOException {
    List<Written> files = new ArrayList<>();
    Callers.Sample sample =
        measure(name -> AppendLog.of(directory.resolve(name)), round, millis, files);
    if (round >= 0) {
      host.add(sample);
    }
    for (Written file : files) {
      Files.delete(directory.resolve(file.name()));
    }
  }

  private interface Opener {
    AppendLog open(String name) throws IOException;
  }

  private Callers.Sample measure(Opener opener, int round, int millis, List<Written> files)
      throws IOException {
    AppendLog[] logs = new AppendLog[shared ? 1 : threads];
    AtomicLongArray calls = new AtomicLongArray(threads);
    ByteBuffer[] records = new ByteBuffer[threads];
    try {
      for (int i = 0; i < logs.length; i++) {
        String name = key + "." + round + "." + i;
        logs[i] = opener.open(name);
        files.add(new Written(name, i, shared ? calls : new AtomicLongArray(1)));
      }
      for (int i = 0; i < threads; i++) {
        records[i] = ByteBuffer.allocateDirect(RECORD_BYTES);
      }
      Callers.Sample sample =
          Callers.run(
              Thread.ofPlatform().daemon().name("bench-", 0).factory(),
              threads,
              millis,
              (caller, sequence) -> {
                fill(records[caller], caller, sequence);
                logs[shared ? 0 : caller].appendAndSync(records[caller]);
                calls.set(caller, sequence + 1);
              });
      if (!shared) {
        for (int i = 0; i < threads; i++) {
          files.get(files.size() - threads + i).calls().set(0, calls.get(i));
        }
      }
      return sample;
    } finally {
      for (AppendLog log : logs) {
        if (log != null) {
          log.close();
        }
      }
    }
  }

  private static void fill(ByteBuffer record, int caller, long sequence) {
    record.clear();
    for (int at = 0; at < RECORD_BYTES; at += 16) {
      record.putLong(at, caller ^ ((long) at << 32)).putLong(at + 8, sequence);
    }
  }

  /**
   * Reads the files of {@code volume}.
   *
   * @throws WrongDataException something is missing or wrong
   */
  void verify(Volume volume) throws IOException {
    for (Written file : written) {
      try (OpenFile open = volume.open("/" + file.name(), StandardOpenOption.READ)) {
        verify(file, open);
      }
    }
  }

  /** Records of one caller come in its order, those of several in any. */
  private static void verify(Written file, OpenFile open) throws IOException {
    long[] next = new long[file.calls().length()];
    ByteBuffer record = ByteBuffer.allocate(RECORD_BYTES);
    ByteBuffer expected = ByteBuffer.allocate(RECORD_BYTES);
    for (long at = 0; at < open.size(); at += RECORD_BYTES) {
      record.clear();
      int read = open.read(record, at);
      int caller = (int) record.getLong(0);
      int index = caller - file.first();
      if (read != RECORD_BYTES || index < 0 || index >= next.length) {
        throw wrong(file, at, "caller " + caller + ", " + read + " bytes", "a whole record");
      }
      fill(expected, caller, next[index]);
      if (!record.flip().equals(expected.clear())) {
        throw wrong(file, at, caller + "/" + record.getLong(8), caller + "/" + next[index]);
      }
      next[index]++;
    }
    for (int i = 0; i < next.length; i++) {
      if (next[i] < file.calls().get(i)) {
        throw wrong(
            file,
            open.size(),
            next[i] + " records of caller " + (file.first() + i),
            file.calls().get(i) + ", which were synced");
      }
    }
  }

  private static WrongDataException wrong(Written file, long offset, String saw, String allowed) {
    return new WrongDataException(
        "kind=synced-append-lost file=%s offset=%d saw=\"%s\" allowed=\"%s\""
            .formatted(file.name(), offset, saw, allowed));
  }
}
