package io.faultline.engine.runtime;

import com.google.errorprone.annotations.FormatMethod;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The invariants of a filesystem whose page cache races with layout changes, each as a check at run
 * time. A broken one is an {@link EngineFailure} whose message begins with the constant's name.
 *
 * <p>Checks that cost more than a compare run only where {@link Checks#ON}, and those that the
 * mapping lock is there to uphold only on volumes that have one: without it they are known to fail,
 * which is what such volumes are for.
 *
 * <p>Thread-safe.
 */
@SuppressWarnings("ImmutableEnumChecker") // counts of checks, for tests that ask what is alive
public enum Invariant {
  /** A block that a fill has looked up is not handed to the free pool before that fill ended. */
  I1("fill pin"),
  /** A clean page equals what a fresh read through the current mapping gives. */
  I2("cache agrees with layout"),
  /** A dirty page inside the end of file is mapped or holds a reservation. */
  I3("dirty is backed"),
  /** A writeback's block still belongs to its file and page when the write completes. */
  I4("writeback owns its block"),
  /** A read returns no byte at or behind the size sampled after the page was up to date. */
  I5("end of file is honest"),
  /** A freed block is not reused before the transaction that freed it is durable. */
  I6("free after commit"),
  /** No mapping becomes durable before the data that it points at. */
  I7("nothing stale after a crash"),
  /** No write runs beside the body of a command. There is no direct I/O to drain yet. */
  I8("writers drained"),
  /** Not checked: no operation of this engine changes two files' mappings at once (clone). */
  I9("two files as one", "no operation maps blocks of two files"),
  /** Locks are taken, and barriers waited for, in one order without cycles. */
  I10("acyclic order"),
  /** Nobody queued for a lock is overtaken beyond his place in the queue. */
  I11("progress"),
  /** Nothing maps an offset while a shift is half done. */
  I12("shift atomicity"),
  /** Not checked: no layout of this engine has zones with a write pointer. */
  I13("write pointer", "no layout has zones"),
  /** Every block is in one state: free, taken, mapped, or freed and not yet durably so. */
  I14("accounting"),
  /** A read that begins after a punch returned sees zeros. */
  I15("read after punch"),
  /** Behind the end of file there are zeros, on the device and when the size grows. */
  I16("tail is zero");

  private static volatile boolean silenced;

  private final String meaning;
  private final String notApplicable;

  /** What has become of one invariant in this JVM. */
  private static final class Tally {
    static final Map<Invariant, Tally> OF = new EnumMap<>(Invariant.class);

    static {
      for (Invariant invariant : values()) {
        OF.put(invariant, new Tally());
      }
    }

    final AtomicLong broken = new AtomicLong();
    volatile boolean evaluated;
  }

  Invariant(String meaning) {
    this(meaning, "");
  }

  Invariant(String meaning, String notApplicable) {
    this.meaning = meaning;
    this.notApplicable = notApplicable;
  }

  /** The invariant in a few words. */
  public String meaning() {
    return meaning;
  }

  /** Why nothing checks it; empty if something does. */
  public String notApplicable() {
    return notApplicable;
  }

  private Tally tally() {
    return Objects.requireNonNull(Tally.OF.get(this));
  }

  /** Whether a check of it has run in this JVM. */
  public boolean evaluated() {
    return tally().evaluated;
  }

  /** How often it was found broken in this JVM, whoever caught the failure. */
  public long timesBroken() {
    return tally().broken.get();
  }

  /** A check of it ran and held, where the caller decides without {@link #require}. */
  public void held() {
    Tally tally = tally();
    if (!tally.evaluated) {
      tally.evaluated = true;
    }
  }

  /**
   * Fails when the invariant does not hold.
   *
   * @param holds the invariant
   * @param message a {@link String#format} pattern, formatted only on failure
   * @param arguments of the pattern
   * @throws EngineFailure when {@code holds} is false
   */
  @FormatMethod
  public void require(boolean holds, String message, Object... arguments) {
    held();
    if (!holds) {
      broken(message.formatted(arguments));
    }
  }

  /**
   * It does not hold, where the caller decides without {@link #require}.
   *
   * @param detail what was expected and what was found
   * @throws EngineFailure unless checks are {@linkplain #silence silenced}
   */
  public void broken(String detail) {
    held();
    tally().broken.incrementAndGet();
    if (!silenced()) {
      throw new EngineFailure(name() + " " + meaning + ": " + detail);
    }
  }

  /**
   * Lets broken invariants pass, for the whole JVM: what a user would see of a step that is left
   * out shows only behind the check that is faster than he is. For tests, as {@link Mutant} is.
   */
  public static void silence(boolean on) {
    if (!Mutant.ENABLED) {
      throw new IllegalStateException("only where mutants are allowed");
    }
    silenced = on;
  }

  /** Whether broken invariants are let pass. */
  public static boolean silenced() {
    return Mutant.ENABLED && silenced;
  }
}
