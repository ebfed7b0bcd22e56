package io.faultline.engine.device;

import static io.faultline.engine.device.CrashChoice.PIECE_SECTORS;
import static io.faultline.engine.device.CrashChoice.SECTOR_BYTES;
import static io.faultline.engine.device.Io.PIECE_BYTES;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Fails as a {@link FailurePlan} says, otherwise passes requests on. Holds no thread. */
public final class FailingDevice implements BlockDevice {
  private static final long[] FIRST = {0};

  private final BlockDevice delegate;
  private final FailurePlan plan;

  /** Wraps {@code delegate}; {@code plan} may be changed at any time. */
  public FailingDevice(BlockDevice delegate, FailurePlan plan) {
    this.delegate = delegate;
    this.plan = plan;
  }

  @Override
  public long sizeBytes() {
    return delegate.sizeBytes();
  }

  @Override
  public DeviceCapabilities capabilities() {
    return delegate.capabilities();
  }

  @Override
  public void submit(Io io) {
    check(io);
    Optional<FailurePlan.Kind> verdict = plan.judge(io);
    if (verdict.isEmpty()) {
      delegate.submit(io);
      return;
    }
    switch (verdict.get()) {
      case READ_ERROR, WRITE_ERROR, FLUSH_ERROR, DISCARD_ERROR -> io.complete(error(io, "EIO"));
      case NO_SPACE -> io.complete(error(io, "ENOSPC"));
      case LOST_WRITE, LYING_FLUSH -> io.complete(null);
      case BIT_ROT -> rot(io);
      case MISDIRECTED_WRITE -> misdirect(io);
      case TORN_WRITE -> tear(io);
    }
  }

  private static IOException error(Io io, String errno) {
    return new IOException(
        "%s of %d bytes at offset %d failed: %s (injected)"
            .formatted(io.op(), io.lengthBytes(), io.deviceOffset(), errno));
  }

  private void rot(Io io) {
    long bit = plan.choose(0, io.lengthBytes() * Byte.SIZE);
    delegate.submit(
        io.again()
            .onDone(
                below -> {
                  if (below.failure() == null) {
                    long at =
                        io.pieceOffset((int) (bit / Byte.SIZE / PIECE_BYTES))
                            + bit / Byte.SIZE % PIECE_BYTES;
                    byte good = io.memory().get(ValueLayout.JAVA_BYTE, at);
                    byte bad = (byte) (good ^ (1 << (bit % Byte.SIZE)));
                    io.memory().set(ValueLayout.JAVA_BYTE, at, bad);
                  }
                  io.complete(below.failure());
                }));
  }

  private void misdirect(Io io) {
    long places = (sizeBytes() - io.lengthBytes()) / PIECE_BYTES + 1;
    long right = io.deviceOffset() / PIECE_BYTES;
    if (places < 2) {
      io.complete(null); // the request fills the device: nowhere else to go, so it is lost
      return;
    }
    long wrong = (right + plan.choose(1, places)) % places;
    submitBelow(Io.write(wrong * PIECE_BYTES, io.memory(), offsets(io), io.pieces()), io, null);
  }

  private void tear(Io io) {
    int sectors = (int) plan.choose(1, (long) io.pieces() * PIECE_SECTORS);
    int whole = sectors / PIECE_SECTORS;
    int rest = sectors % PIECE_SECTORS;
    if (whole == 0) {
      tearPiece(io, whole, rest);
      return;
    }
    Io prefix = Io.write(io.deviceOffset(), io.memory(), offsets(io), whole);
    if (rest == 0) {
      submitBelow(prefix, io, error(io, "EIO"));
    } else {
      delegate.submit(prefix.onDone(done -> tearPiece(io, whole, rest)));
    }
  }

  /**
   * A device writes pieces only, so the rest of a torn one is read first and written back as it
   * was.
   */
  private void tearPiece(Io io, int piece, int sectors) {
    MemorySegment mixed = Arena.ofAuto().allocate(PIECE_BYTES, PIECE_BYTES);
    long at = io.deviceOffset() + (long) piece * PIECE_BYTES;
    delegate.submit(
        Io.read(at, mixed, FIRST, 1)
            .onDone(
                old -> {
                  if (old.failure() != null) {
                    io.complete(old.failure());
                    return;
                  }
                  MemorySegment.copy(
                      io.memory(), io.pieceOffset(piece), mixed, 0, (long) sectors * SECTOR_BYTES);
                  submitBelow(Io.write(at, mixed, FIRST, 1), io, error(io, "EIO"));
                }));
  }

  /**
   * Submits in place of {@code io}, which ends with {@code outcome} unless the substitute itself
   * fails.
   */
  private void submitBelow(Io substitute, Io io, @Nullable IOException outcome) {
    delegate.submit(
        substitute.onDone(
            below -> io.complete(below.failure() == null ? outcome : below.failure())));
  }

  private static long[] offsets(Io io) {
    long[] offsets = new long[io.pieces()];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = io.pieceOffset(i);
    }
    return offsets;
  }

  @Override
  public void close() throws IOException {
    delegate.close();
  }
}
