package io.faultline.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * One thread that reads pages anywhere in a file. For JMH it is the state of a thread: its fields
 * lie on cache lines of their own.
 */
@State(Scope.Thread)
@NullUnmarked // JMH makes it and sets it up
public class RandomReader {
  private CachedReads file;
  private Target.Open open;
  private ByteBuffer buffer;
  private long pageMask;
  private long seed;
  private long differences;

  /** For JMH. */
  public RandomReader() {}

  /** Opens the file, or takes what all threads share. */
  @Setup(Level.Trial)
  public void open(CachedReads of, ThreadParams threads) throws IOException {
    file = of;
    begin(of.open(), of.spanBytes, threads.getThreadIndex());
  }

  /** Reads the first {@code bytes} from now on, in an order of the {@code index}th's own. */
  void begin(Target.Open of, long bytes, int index) {
    open = of;
    buffer = Buffers.apart(Pages.BYTES);
    pageMask = bytes / Pages.BYTES - 1;
    seed = 0x1234_5678_9ABC_DEFL * (index + 1);
  }

  /** Reads a page and keeps whether it was another one than it had to be. */
  void read() throws IOException {
    long x = seed;
    x ^= x << 13;
    x ^= x >>> 7;
    x ^= x << 17;
    seed = x;
    long page = x >>> 20 & pageMask;
    ByteBuffer into = buffer;
    int read = open.read(into.clear(), page * Pages.BYTES);
    differences |= Pages.difference(into, 0, page, 0) | (read ^ Pages.BYTES);
  }

  /** 0 if and only if every read gave what it had to give. */
  long differences() {
    return differences;
  }

  /**
   * Looks at the reads of an iteration.
   *
   * @throws WrongDataException one gave what it must not
   */
  @TearDown(Level.Iteration)
  public void check() throws IOException {
    file.check(differences);
  }
}
