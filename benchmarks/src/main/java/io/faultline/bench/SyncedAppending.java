package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Appends of 4 KiB, each synced, by some threads to a file each or to one file. What the engine
 * told to be durable is looked for after the volume was opened again: every record names its caller
 * and its place among that caller's, and is filled from both. {@code ns} is from the end of one
 * call to the end of another; {@code p50}, {@code p99} and {@code p999} are microseconds of a call.
 *
 * @param threads how many append
 * @param shared whether to one file
 */
record SyncedAppending(int threads, boolean shared) implements Windows {
  private static final int RECORD_BYTES = Pages.BYTES;

  /** A file and the calls that went into it: caller {@code first + i} made {@code calls.get(i)}. */
  private record Written(String name, int first, AtomicLongArray calls) {}

  @Override
  public Session prepare(Target target) {
    return new Appenders(target, this);
  }

  private static final class Appenders implements Session {
    private final Target target;
    private final int threads;
    private final boolean shared;
    private final List<Written> written = new ArrayList<>();
    private int windows;

    Appenders(Target target, SyncedAppending shape) {
      this.target = target;
      this.threads = shape.threads;
      this.shared = shape.shared;
    }

    @Override
    public Map<String, Double> measure(int millis) throws IOException {
      AppendLog[] logs = new AppendLog[shared ? 1 : threads];
      AtomicLongArray calls = new AtomicLongArray(threads);
      ByteBuffer[] records = new ByteBuffer[threads];
      Callers.Sample sample;
      try {
        for (int i = 0; i < logs.length; i++) {
          String name = "synced-" + windows + "-" + i;
          logs[i] = target.log(name);
          written.add(new Written(name, i, shared ? calls : new AtomicLongArray(1)));
        }
        windows++;
        for (int i = 0; i < threads; i++) {
          records[i] = Pages.buffer(RECORD_BYTES);
        }
        sample =
            Callers.run(
                Thread.ofPlatform().daemon().name("bench-", 0).factory(),
                threads,
                millis,
                (caller, sequence) -> {
                  fill(records[caller], caller, sequence);
                  logs[shared ? 0 : caller].appendAndSync(records[caller]);
                  calls.set(caller, sequence + 1);
                });
        for (int i = 0; !shared && i < threads; i++) {
          written.get(written.size() - threads + i).calls().set(0, calls.get(i));
        }
      } finally {
        for (AppendLog log : logs) {
          if (log != null) {
            log.close();
          }
        }
      }
      if (!(target instanceof EngineTarget)) {
        remove();
      }
      return figures(sample);
    }

    private static Map<String, Double> figures(Callers.Sample sample) {
      Map<String, Double> figures = new HashMap<>();
      figures.put("ns", 1e9 / sample.perSecond());
      figures.put("perSecond", sample.perSecond());
      figures.put("p50", sample.percentile(50) / 1e3);
      figures.put("p99", sample.percentile(99) / 1e3);
      figures.put("p999", sample.percentile(99.9) / 1e3);
      return figures;
    }

    @Override
    public void close() throws IOException {
      try {
        if (target instanceof EngineTarget engine) {
          engine.reopen();
          for (Written file : written) {
            verify(file);
          }
        }
      } finally {
        remove();
      }
    }

    private void remove() throws IOException {
      for (Written file : written) {
        target.unlink(file.name());
      }
      written.clear();
    }

    /** Records of one caller come in its order, those of several in any. */
    private void verify(Written file) throws IOException {
      long size = target.stat(file.name());
      long[] next = new long[file.calls().length()];
      ByteBuffer record = Pages.buffer(RECORD_BYTES);
      ByteBuffer expected = Pages.buffer(RECORD_BYTES);
      try (Target.Open open = target.open(file.name(), size)) {
        for (long at = 0; at < size; at += RECORD_BYTES) {
          int read = open.read(record.clear(), at);
          int caller = (int) record.getLong(0);
          int index = caller - file.first();
          if (read != RECORD_BYTES || index < 0 || index >= next.length) {
            throw wrong(file, at, "caller " + caller + ", " + read + " bytes", "a whole record");
          }
          fill(expected, caller, next[index]);
          if (!record.flip().equals(expected)) {
            throw wrong(file, at, caller + "/" + record.getLong(8), caller + "/" + next[index]);
          }
          next[index]++;
        }
      }
      for (int i = 0; i < next.length; i++) {
        if (next[i] < file.calls().get(i)) {
          String saw = next[i] + " records of caller " + (file.first() + i);
          throw wrong(file, size, saw, file.calls().get(i) + ", which were synced");
        }
      }
    }
  }

  /** From its beginning to its end. */
  private static void fill(ByteBuffer record, int caller, long sequence) {
    record.clear();
    for (int at = 0; at < RECORD_BYTES; at += 16) {
      record.putLong(at, caller ^ ((long) at << 32)).putLong(at + 8, sequence);
    }
  }

  private static WrongDataException wrong(Written file, long offset, String saw, String allowed) {
    return new WrongDataException(
        "kind=synced-append-lost file=%s offset=%d saw=\"%s\" allowed=\"%s\""
            .formatted(file.name(), offset, saw, allowed));
  }
}
