package io.faultline.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Goal: memory is zeroed, aligned, costs nothing before it is touched, and goes with its arena,
 * with native calls and without. Method: look at it, and at what the kernel says about the process.
 */
class HostMemoryTest {
  private static final long LARGE = (64 << 20) + 4_096;

  @ParameterizedTest
  @ValueSource(strings = {"on", "off"})
  void isZeroedAlignedAndGoesWithItsArena(String nativeCalls) {
    String before = System.getProperty(ImageFileDevice.NATIVE_PROPERTY, "on");
    System.setProperty(ImageFileDevice.NATIVE_PROPERTY, nativeCalls);
    try {
      for (long bytes : new long[] {4_096, 1 << 20, 1 << 21, LARGE}) {
        MemorySegment memory;
        try (Arena arena = Arena.ofShared()) {
          memory = HostMemory.allocate(bytes, arena);
          assertThat(memory.byteSize()).isEqualTo(bytes);
          assertThat(memory.address() % (bytes < 1 << 21 ? 4_096 : 1 << 21)).isZero();
          assertThat(memory.mismatch(arena.allocate(bytes))).isEqualTo(-1);
          memory.fill((byte) 7);
          assertThat(memory.get(ValueLayout.JAVA_BYTE, bytes - 1)).isEqualTo((byte) 7);
        }
        assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0))
            .isInstanceOf(IllegalStateException.class);
      }
    } finally {
      System.setProperty(ImageFileDevice.NATIVE_PROPERTY, before);
    }
  }

  /** What of a mapping that holds {@code address} is in memory, KiB; -1 if there is none. */
  private static long residentKib(long address) throws Exception {
    boolean inside = false;
    List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
    for (String line : lines) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        String[] ends = line.substring(0, line.indexOf(' ')).split("-", 2);
        inside =
            Long.parseUnsignedLong(ends[0], 16) <= address
                && address < Long.parseUnsignedLong(ends[1], 16);
      } else if (inside && line.startsWith("Rss:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return -1;
  }

  @Test
  void whatIsNotTouchedIsNotThere() throws Exception {
    Assumptions.assumeTrue(ImageFileDevice.syscalls().isPresent());
    long middle;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = HostMemory.allocate(LARGE, arena);
      middle = memory.address() + LARGE / 2;
      assertThat(residentKib(middle)).isZero();
      memory.set(ValueLayout.JAVA_BYTE, LARGE / 2, (byte) 1);
      assertThat(residentKib(middle)).isBetween(4L, 2_048L);
    }
    assertThat(residentKib(middle)).isEqualTo(-1);
  }
}
