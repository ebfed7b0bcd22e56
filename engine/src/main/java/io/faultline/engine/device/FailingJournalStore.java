package io.faultline.engine.device;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Fails as a {@link FailurePlan} says, otherwise passes requests on. A flush of the plan is a sync
 * of a file or of the directory; requests are counted over all files together, and their places are
 * bytes of a file.
 *
 * <p>A failed sync leaves what it covered to the next one. That is kinder than a kernel, which
 * forgets it; for that see {@link MemoryJournalStore#failSync}.
 */
public final class FailingJournalStore implements JournalStore {
  private static final int SECTOR_BYTES = CrashChoice.SECTOR_BYTES;

  private final JournalStore delegate;
  private final FailurePlan plan;

  /** Wraps {@code delegate}; {@code plan} may be changed at any time. */
  public FailingJournalStore(JournalStore delegate, FailurePlan plan) {
    this.delegate = delegate;
    this.plan = plan;
  }

  @Override
  public List<String> list() throws IOException {
    return delegate.list();
  }

  @Override
  public JournalFile open(String name, boolean create) throws IOException {
    return new FailingFile(name, delegate.open(name, create));
  }

  @Override
  public void delete(String name) throws IOException {
    delegate.delete(name);
  }

  @Override
  public int zerosAheadBytes() {
    return delegate.zerosAheadBytes();
  }

  private interface Sync {
    void run() throws IOException;
  }

  private void sync(String what, Sync below) throws IOException {
    Optional<FailurePlan.Kind> verdict = plan.judge(Io.Op.FLUSH, 0, 0);
    if (verdict.isEmpty()) {
      below.run();
    } else if (verdict.get() != FailurePlan.Kind.LYING_FLUSH) {
      throw new IOException("sync of " + what + " failed: EIO (injected)");
    }
  }

  @Override
  public void syncDirectory() throws IOException {
    sync("the journal directory", delegate::syncDirectory);
  }

  private final class FailingFile implements JournalFile {
    private final String name;
    private final JournalFile below;

    FailingFile(String name, JournalFile below) {
      this.name = name;
      this.below = below;
    }

    @Override
    public long length() throws IOException {
      return below.length();
    }

    @Override
    public int read(ByteBuffer dst, long position) throws IOException {
      Optional<FailurePlan.Kind> verdict =
          plan.judge(Io.Op.READ, position, position + dst.remaining());
      if (verdict.isPresent() && verdict.get() == FailurePlan.Kind.READ_ERROR) {
        throw error("read", dst.remaining(), position, "EIO");
      }
      int start = dst.position();
      int n = below.read(dst, position);
      if (verdict.isPresent() && n > 0) {
        long bit = plan.choose(0, (long) n * Byte.SIZE);
        int at = start + (int) (bit / Byte.SIZE);
        dst.put(at, (byte) (dst.get(at) ^ (1 << (bit % Byte.SIZE))));
      }
      return n;
    }

    @Override
    public void write(ByteBuffer src, long position) throws IOException {
      int length = src.remaining();
      Optional<FailurePlan.Kind> verdict = plan.judge(Io.Op.WRITE, position, position + length);
      if (verdict.isEmpty()) {
        below.write(src, position);
        return;
      }
      switch (verdict.get()) {
        case NO_SPACE -> throw error("write", length, position, "ENOSPC");
        case TORN_WRITE -> {
          tear(src, position);
          throw error("write", length, position, "EIO");
        }
        case LOST_WRITE -> src.position(src.limit());
        case MISDIRECTED_WRITE -> {
          long sectors = position / SECTOR_BYTES;
          if (sectors > 0) {
            below.write(src, plan.choose(0, sectors) * SECTOR_BYTES);
          }
          src.position(src.limit());
        }
        default -> throw error("write", length, position, "EIO");
      }
    }

    /** Writes up to a sector boundary inside the range; nothing if there is none. */
    private void tear(ByteBuffer src, long position) throws IOException {
      long first = position / SECTOR_BYTES + 1;
      long last = (position + src.remaining() - 1) / SECTOR_BYTES;
      if (first <= last) {
        long end = plan.choose(first, last + 1) * SECTOR_BYTES;
        below.write(src.slice(src.position(), (int) (end - position)), position);
      }
    }

    private IOException error(String what, int length, long position, String errno) {
      return new IOException(
          "%s of %d bytes at %d of %s failed: %s (injected)"
              .formatted(what, length, position, name, errno));
    }

    @Override
    public void sync() throws IOException {
      FailingJournalStore.this.sync(name, below::sync);
    }

    @Override
    public void truncate(long length) throws IOException {
      below.truncate(length);
    }

    @Override
    public void close() throws IOException {
      below.close();
    }
  }
}
