package io.faultline.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Reads of 4 KiB, page by page anywhere in a file that the target has in memory. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked // JMH makes it and sets it up
public class CachedReads {
  /** Whose file. */
  @Param("")
  public String target;

  /** Size of the file, a power of two and at least a page. */
  @Param("4096")
  public long spanBytes;

  /** Whether threads share an open file. */
  @Param("true")
  public boolean shared;

  // Nothing is closed: the JVM and its files are thrown away, and what closing allocates would
  // count
  // as the last iteration's.
  private PageFile file;
  private Target.Open opened;

  /** For JMH. */
  public CachedReads() {}

  /** Makes the file and fills it. */
  @Setup(Level.Trial)
  public void fill() throws IOException {
    Target measured =
        Targets.make(target, Path.of(JmhFork.directory()), Row.Setup.FORKED.cacheBytes);
    file = PageFile.filled(measured, "read", spanBytes, PageFile.LARGE_WRITES);
    opened = file.open();
  }

  /** The open file of a thread. */
  Target.Open open() throws IOException {
    return shared ? opened : file.open();
  }

  void check(long differences) throws IOException {
    file.check(differences);
  }

  /** Measured: one read. */
  @Benchmark
  public void read(RandomReader reader) throws IOException {
    reader.read();
  }
}
