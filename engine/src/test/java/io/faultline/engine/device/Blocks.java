package io.faultline.engine.device;

import static io.faultline.engine.device.Io.PIECE_BYTES;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Short ways to move whole blocks in tests. */
final class Blocks {
  static final long[] FIRST = {0};

  private Blocks() {}

  static MemorySegment memory(int pieces) {
    return Arena.ofAuto().allocate((long) pieces * PIECE_BYTES, PIECE_BYTES);
  }

  static Io write(long block, int fill) {
    MemorySegment m = memory(1);
    m.fill((byte) fill);
    return Io.write(block * PIECE_BYTES, m, FIRST, 1);
  }

  static byte[] read(BlockDevice device, long block) throws IOException {
    MemorySegment m = memory(1);
    device.run(Io.read(block * PIECE_BYTES, m, FIRST, 1));
    return m.toArray(ValueLayout.JAVA_BYTE);
  }

  static byte[] filled(int fill) {
    byte[] bytes = new byte[PIECE_BYTES];
    Arrays.fill(bytes, (byte) fill);
    return bytes;
  }

  /** Leading bytes of a block that have the given value. */
  static int prefix(byte[] block, int fill) {
    int n = 0;
    while (n < block.length && block[n] == (byte) fill) {
      n++;
    }
    return n;
  }

  /**
   * Random scattered reads and writes, some of adjacent and some of misaligned memory, against a
   * byte array. Returns how many reads compared bytes that had been written.
   */
  static int againstModel(BlockDevice device, MemorySegment memory, long seed, int rounds)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    int blocks = (int) (device.sizeBytes() / PIECE_BYTES);
    byte[] model = new byte[(int) device.sizeBytes()];
    boolean[] written = new boolean[blocks];
    int compared = 0;
    int frames = (int) (memory.byteSize() / PIECE_BYTES) - 1;
    for (int round = 0; round < rounds; round++) {
      int pieces = random.nextInt(1, 21);
      int first = random.nextInt(blocks - pieces + 1);
      int shift = random.nextInt(4) == 0 ? random.nextInt(PIECE_BYTES) : 0;
      long[] offsets = scattered(random, frames, pieces, shift);
      if (random.nextBoolean()) {
        for (int i = 0; i < pieces; i++) {
          for (int b = 0; b < PIECE_BYTES; b += 8) {
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, offsets[i] + b, random.nextLong());
          }
          MemorySegment.copy(
              memory,
              ValueLayout.JAVA_BYTE,
              offsets[i],
              model,
              (first + i) * PIECE_BYTES,
              PIECE_BYTES);
          written[first + i] = true;
        }
        device.run(Io.write((long) first * PIECE_BYTES, memory, offsets, pieces));
      } else {
        device.run(Io.read((long) first * PIECE_BYTES, memory, offsets, pieces));
        for (int i = 0; i < pieces; i++) {
          byte[] got = new byte[PIECE_BYTES];
          MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offsets[i], got, 0, PIECE_BYTES);
          int from = (first + i) * PIECE_BYTES;
          if (!Arrays.equals(got, Arrays.copyOfRange(model, from, from + PIECE_BYTES))) {
            throw new AssertionError(
                "block %d differs in round %d of seed %d".formatted(first + i, round, seed));
          }
          compared += written[first + i] ? 1 : 0;
        }
      }
    }
    return compared;
  }

  /** Distinct frames in random order, the first half as neighbours. */
  private static long[] scattered(SplittableRandom random, int frames, int pieces, int shift) {
    int[] all = new int[frames];
    for (int i = 0; i < frames; i++) {
      all[i] = i;
    }
    for (int i = pieces / 2; i < frames; i++) {
      int j = random.nextInt(i, frames);
      int t = all[i];
      all[i] = all[j];
      all[j] = t;
    }
    long[] offsets = new long[pieces + 3]; // longer than used: pieces, not the array, counts
    for (int i = 0; i < pieces; i++) {
      offsets[i] = (long) all[i] * PIECE_BYTES + shift;
    }
    return offsets;
  }
}
