package io.faultline.engine.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * {@link Syscalls} through the foreign function interface.
 *
 * <p>No call is linked as <em>critical</em>: a critical call keeps the thread in the Java state, so
 * that a slow disk would hold up every safepoint. {@code errno} is captured by the linker in the
 * same transition, because the JVM may make other calls before Java code could ask for it.
 *
 * <p>Loading this class fails where native access is denied or a symbol is missing; {@link
 * ImageFileDevice} then takes the FileChannel.
 */
final class LinuxSyscalls implements Syscalls {
  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_CLOEXEC = 0x80000;

  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int FALLOC_FL_PUNCH_HOLE = 2;
  private static final int SEEK_END = 2;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemoryLayout CAPTURED = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURED.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle OPEN =
      link("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), 2);
  private static final MethodHandle PREADV =
      link("preadv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG), -1);
  private static final MethodHandle PWRITEV =
      link("pwritev", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG), -1);
  private static final MethodHandle FDATASYNC =
      link("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT), -1);
  private static final MethodHandle FTRUNCATE =
      link("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG), -1);
  private static final MethodHandle FALLOCATE =
      link(
          "fallocate",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
          -1);
  private static final MethodHandle LSEEK =
      link("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT), -1);
  private static final MethodHandle FCNTL =
      link("fcntl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), 2);
  private static final MethodHandle CLOSE =
      link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT), -1);

  // Only platform threads come here, so this is bounded by the I/O threads and the callers' own.
  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURED));

  /**
   * The O_DIRECT bit, or 0 where this architecture's value is not known and transfers stay
   * buffered.
   */
  static int directFlag(String arch) {
    return switch (arch) {
      case "amd64", "x86_64" -> 0x4000;
      case "aarch64" -> 0x10000;
      default -> 0;
    };
  }

  /** A call that takes no variable arguments; {@link #state} is its first. */
  static MethodHandle link(String name, FunctionDescriptor shape) {
    return link(name, shape, -1);
  }

  /** Where this thread's calls leave {@code errno}. */
  static MemorySegment state() {
    return STATE.get();
  }

  @SuppressWarnings("restricted") // the launcher and the surefire set-up enable native access
  private static MethodHandle link(String name, FunctionDescriptor shape, int firstVariadic) {
    Linker.Option errno = Linker.Option.captureCallState("errno");
    MemorySegment symbol = LINKER.defaultLookup().findOrThrow(name);
    return firstVariadic < 0
        ? LINKER.downcallHandle(symbol, shape, errno)
        : LINKER.downcallHandle(
            symbol, shape, errno, Linker.Option.firstVariadicArg(firstVariadic));
  }

  private static long outcome(long result, MemorySegment state) {
    return result >= 0 ? result : -(long) (int) ERRNO.get(state, 0L);
  }

  /** Nothing a libc call can throw: a linkage bug. */
  static LinkageError impossible(Throwable t) {
    return new LinkageError("a native call failed to link", t);
  }

  @Override
  public int open(String path, int flags, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment s = STATE.get();
      return (int) outcome((int) OPEN.invokeExact(s, arena.allocateFrom(path), flags, mode), s);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  @Override
  public long preadv(int fd, MemorySegment vector, int count, long offset) {
    try {
      MemorySegment s = STATE.get();
      return outcome((long) PREADV.invokeExact(s, fd, vector, count, offset), s);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  @Override
  public long pwritev(int fd, MemorySegment vector, int count, long offset) {
    try {
      MemorySegment s = STATE.get();
      return outcome((long) PWRITEV.invokeExact(s, fd, vector, count, offset), s);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  @Override
  public int fdatasync(int fd) {
    try {
      MemorySegment s = STATE.get();
      return (int) outcome((int) FDATASYNC.invokeExact(s, fd), s);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  @Override
  public int ftruncate(int fd, long lengthBytes) {
    try {
      MemorySegment s = STATE.get();
      return (int) outcome((int) FTRUNCATE.invokeExact(s, fd, lengthBytes), s);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  @Override
  public int punch(int fd, long offset, long lengthBytes) {
    try {
      MemorySegment s = STATE.get();
      int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
      return (int) outcome((int) FALLOCATE.invokeExact(s, fd, mode, offset, lengthBytes), s);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  @Override
  public long length(int fd) {
    try {
      MemorySegment s = STATE.get();
      return outcome((long) LSEEK.invokeExact(s, fd, 0L, SEEK_END), s);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  @Override
  public int makeBuffered(int fd) {
    try {
      MemorySegment s = STATE.get();
      int flags = (int) outcome((int) FCNTL.invokeExact(s, fd, F_GETFL, 0), s);
      if (flags < 0) {
        return flags;
      }
      int buffered = flags & ~directFlag(System.getProperty("os.arch", ""));
      return (int) outcome((int) FCNTL.invokeExact(s, fd, F_SETFL, buffered), s);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  @Override
  public int close(int fd) {
    try {
      MemorySegment s = STATE.get();
      return (int) outcome((int) CLOSE.invokeExact(s, fd), s);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }
}
