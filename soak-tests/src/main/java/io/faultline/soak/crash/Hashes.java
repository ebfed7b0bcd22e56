package io.faultline.soak.crash;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** 64-bit hashes of contents; good enough to tell the states of one campaign apart. */
final class Hashes {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ODD = 0x9E3779B97F4A7C15L;

  private Hashes() {}

  /** Of the first {@code length} bytes. */
  static long of(byte[] bytes, int length) {
    long hash = length * ODD;
    int at = 0;
    for (; at + Long.BYTES <= length; at += Long.BYTES) {
      hash = mix(hash ^ (long) LONGS.get(bytes, at));
    }
    for (; at < length; at++) {
      hash = mix(hash ^ bytes[at]);
    }
    return hash;
  }

  static long mix(long value) {
    long v = value * ODD;
    v ^= v >>> 29;
    v *= 0xBF58476D1CE4E5B9L;
    return v ^ (v >>> 32);
  }
}
