package io.faultline.engine.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Large pieces of memory outside the heap, on huge pages where the host has them.
 *
 * <p>Huge pages are what a device wants: a request of 1 MiB is then one piece of physical memory
 * and not 256 (measured with four requests of 1 MiB under way: 2.4 instead of 1.3 GB/s), and a copy
 * over many pages misses the TLB less. {@link Arena#allocate} cannot have them, because it writes
 * its zeros before anybody could advise: mmap(2), then madvise(2) {@code MADV_HUGEPAGE}, then the
 * first touch. For the same reason memory that is never touched costs nothing here.
 */
public final class HostMemory {
  private static final long HUGE_BYTES = 1 << 21;

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;

  private HostMemory() {}

  /** Only loaded where native access is allowed; the values are Linux's, the same on both CPUs. */
  private static final class Calls {
    static final MethodHandle MMAP =
        LinuxSyscalls.link(
            "mmap",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    static final MethodHandle MADVISE =
        LinuxSyscalls.link(
            "madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    static final MethodHandle MUNMAP =
        LinuxSyscalls.link("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));

    private Calls() {}

    static long map(long bytes) {
      try {
        MemorySegment state = LinuxSyscalls.state();
        return (long)
            MMAP.invokeExact(state, 0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      } catch (Throwable t) {
        throw LinuxSyscalls.impossible(t);
      }
    }

    /** Whether it is taken or not: it is advice. */
    static void adviseHuge(long address, long bytes) {
      try {
        int _ = (int) MADVISE.invokeExact(LinuxSyscalls.state(), address, bytes, MADV_HUGEPAGE);
      } catch (Throwable t) {
        throw LinuxSyscalls.impossible(t);
      }
    }

    static void unmap(MemorySegment all) {
      try {
        int _ = (int) MUNMAP.invokeExact(LinuxSyscalls.state(), all, all.byteSize());
      } catch (Throwable t) {
        throw LinuxSyscalls.impossible(t);
      }
    }
  }

  /**
   * Zeroed memory that lives as long as {@code arena}.
   *
   * @param bytes a multiple of 4096
   * @return begins at a multiple of 4096, of 2 MiB if it is at least as long
   * @throws OutOfMemoryError as {@link Arena#allocate}
   */
  public static MemorySegment allocate(long bytes, Arena arena) {
    if (bytes < HUGE_BYTES) {
      return arena.allocate(bytes, 4_096);
    }
    MemorySegment mapped = ImageFileDevice.syscalls().isPresent() ? mapped(bytes, arena) : null;
    return mapped != null ? mapped : arena.allocate(bytes, HUGE_BYTES);
  }

  @SuppressWarnings("restricted") // as all of LinuxSyscalls
  private static @org.jspecify.annotations.Nullable MemorySegment mapped(long bytes, Arena arena) {
    long all = bytes + HUGE_BYTES;
    long address = Calls.map(all);
    if (address == -1) {
      return null;
    }
    long start = Math.ceilDiv(address, HUGE_BYTES) * HUGE_BYTES;
    Calls.adviseHuge(start, bytes);
    return MemorySegment.ofAddress(address)
        .reinterpret(all, arena, Calls::unmap)
        .asSlice(start - address, bytes);
  }
}
