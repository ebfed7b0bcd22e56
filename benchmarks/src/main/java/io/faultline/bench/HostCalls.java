package io.faultline.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** Calls of Linux that java.nio does not make; needed by the peer only. Any thread. */
final class HostCalls {
  private static final int O_RDWR = 2;
  private static final int O_CLOEXEC = 0x80000;
  private static final int KEEP_SIZE_AND_PUNCH_HOLE = 1 | 2;
  private static final int POSIX_FADV_DONTNEED = 4;

  private static final MethodHandle OPEN =
      link(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle FALLOCATE =
      link("fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FADVISE =
      link(
          "posix_fadvise",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  private HostCalls() {}

  @SuppressWarnings("restricted") // the launcher and the surefire set-up enable native access
  private static MethodHandle link(
      String name, FunctionDescriptor shape, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape, options);
  }

  private static int checked(int result, String call) throws IOException {
    if (result < 0) {
      throw new IOException(call + " failed");
    }
    return result;
  }

  /** Opens an existing file for reading and writing. */
  static int open(Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      int flags = O_RDWR | O_CLOEXEC;
      return checked((int) OPEN.invokeExact(arena.allocateFrom(path.toString()), flags), "open");
    } catch (IOException e) {
      throw e;
    } catch (Throwable t) {
      throw new LinkageError("open", t);
    }
  }

  static void close(int descriptor) throws IOException {
    try {
      checked((int) CLOSE.invokeExact(descriptor), "close");
    } catch (IOException e) {
      throw e;
    } catch (Throwable t) {
      throw new LinkageError("close", t);
    }
  }

  /** Makes the range a hole, keeping the size. */
  static void punch(int descriptor, long offset, long length) throws IOException {
    try {
      int mode = KEEP_SIZE_AND_PUNCH_HOLE;
      checked((int) FALLOCATE.invokeExact(descriptor, mode, offset, length), "fallocate");
    } catch (IOException e) {
      throw e;
    } catch (Throwable t) {
      throw new LinkageError("fallocate", t);
    }
  }

  /** Lets the clean pages of a file go. */
  static void dropCache(int descriptor) throws IOException {
    try {
      int result = (int) FADVISE.invokeExact(descriptor, 0L, 0L, POSIX_FADV_DONTNEED);
      checked(-result, "posix_fadvise");
    } catch (IOException e) {
      throw e;
    } catch (Throwable t) {
      throw new LinkageError("posix_fadvise", t);
    }
  }
}
