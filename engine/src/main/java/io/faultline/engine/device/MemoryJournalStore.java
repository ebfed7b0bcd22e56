package io.faultline.engine.device;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Journal files in memory that know what a power failure may take: bytes since a file's last sync
 * and names since the last directory sync.
 *
 * <p>After a failed sync the bytes it covered stay readable but no later sync makes them durable,
 * because a kernel marks pages clean that it failed to write. All methods are safe for use by any
 * thread.
 */
public final class MemoryJournalStore implements JournalStore {
  private static final int SECTOR_BYTES = CrashChoice.SECTOR_BYTES;

  /**
   * A change that is not durable; a truncation has no data and {@code position} is the new length.
   */
  private static final class Change {
    final long position;
    final byte[] data;
    final boolean truncation;

    Change(long position, byte[] data, boolean truncation) {
      this.position = position;
      this.data = data;
      this.truncation = truncation;
    }
  }

  /** A growing byte array. */
  private static final class Bytes {
    private byte[] array;
    private int length;

    Bytes(byte[] array, int length) {
      this.array = array;
      this.length = length;
    }

    Bytes copy() {
      return new Bytes(Arrays.copyOf(array, length), length);
    }

    void put(long position, byte[] data, int count) {
      int end = Math.toIntExact(position + count);
      if (end > array.length) {
        array = Arrays.copyOf(array, Math.max(end, array.length + array.length / 2));
      }
      System.arraycopy(data, 0, array, (int) position, count);
      length = Math.max(length, end);
    }

    void truncate(long to) {
      if (to < length) {
        Arrays.fill(array, (int) to, length, (byte) 0); // growing again must show zeros
        length = (int) to;
      }
    }

    void apply(Change change) {
      if (change.truncation) {
        truncate(change.position);
      } else {
        put(change.position, change.data, change.data.length);
      }
    }
  }

  /** What a name refers to. */
  private static final class Content {
    final Bytes current;
    final Bytes durable;
    final List<Change> pending = new ArrayList<>();

    Content(Bytes durable) {
      this.durable = durable;
      this.current = durable.copy();
    }
  }

  private final TreeMap<String, Content> names = new TreeMap<>(); // guarded by this
  private TreeMap<String, Content> durableNames = new TreeMap<>(); // guarded by this
  private long syncs; // guarded by this
  private long writes; // guarded by this
  private long failSyncAt = Long.MAX_VALUE; // guarded by this, as are the next three
  private boolean failSyncSticky;
  private long failWriteAt = Long.MAX_VALUE;
  private boolean failWriteSticky;

  private final int zerosAheadBytes;

  /** An empty store. */
  public MemoryJournalStore() {
    this(0);
  }

  /** An empty store that asks for zeros ahead of what is appended. */
  public MemoryJournalStore(int zerosAheadBytes) {
    this.zerosAheadBytes = zerosAheadBytes;
  }

  @Override
  public int zerosAheadBytes() {
    return zerosAheadBytes;
  }

  /**
   * Fails the nth sync (of a file or the directory) from now, counted from 1; sticky: and all later
   * ones.
   */
  public synchronized void failSync(long nth, boolean sticky) {
    failSyncAt = syncs + nth;
    failSyncSticky = sticky;
  }

  /**
   * Fails the nth write from now, counted from 1, with nothing written; sticky: and all later ones.
   */
  public synchronized void failWrite(long nth, boolean sticky) {
    failWriteAt = writes + nth;
    failWriteSticky = sticky;
  }

  /** No more failures. */
  public synchronized void heal() {
    failSyncAt = Long.MAX_VALUE;
    failWriteAt = Long.MAX_VALUE;
  }

  /** Syncs asked for, of files and of the directory, failed ones included. */
  public synchronized long syncs() {
    return syncs;
  }

  /** A new store with only what is durable; this one is not changed. */
  public synchronized MemoryJournalStore crash() {
    MemoryJournalStore after = new MemoryJournalStore(zerosAheadBytes);
    durableNames.forEach((name, content) -> after.settle(name, content.durable.copy()));
    return after;
  }

  /**
   * A new store as a crash could leave it: each name in its durable or its present state, each
   * change since the last sync kept, dropped or, if it is a write, torn after some sectors. The
   * same seed chooses the same.
   */
  public synchronized MemoryJournalStore crash(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    MemoryJournalStore after = new MemoryJournalStore(zerosAheadBytes);
    TreeMap<String, Content> all = new TreeMap<>(durableNames);
    all.putAll(names);
    for (String name : all.keySet()) {
      Content content = (random.nextBoolean() ? names : durableNames).get(name);
      if (content != null) {
        after.settle(name, survivors(content, random));
      }
    }
    return after;
  }

  private static Bytes survivors(Content content, SplittableRandom random) {
    Bytes bytes = content.durable.copy();
    for (Change change : content.pending) {
      switch (random.nextInt(3)) {
        case 0 -> {} // dropped
        case 1 -> bytes.apply(change);
        default -> tear(bytes, change, random);
      }
    }
    return bytes;
  }

  /** Keeps the write up to a sector boundary of the file. */
  private static void tear(Bytes bytes, Change change, SplittableRandom random) {
    if (change.truncation || change.data.length == 0) {
      return;
    }
    long first = change.position / SECTOR_BYTES;
    long end = change.position + change.data.length;
    long cut = random.nextLong(first, (end - 1) / SECTOR_BYTES + 1) * SECTOR_BYTES;
    int kept = (int) Math.max(0, cut - change.position);
    if (kept > 0) {
      bytes.put(change.position, change.data, kept);
    }
  }

  private synchronized void settle(String name, Bytes bytes) {
    Content content = new Content(bytes);
    names.put(name, content);
    durableNames.put(name, content);
  }

  @Override
  public synchronized List<String> list() {
    return List.copyOf(names.keySet());
  }

  @Override
  public synchronized JournalFile open(String name, boolean create) throws IOException {
    Content content = names.get(JournalStore.checkName(name));
    if (content == null) {
      if (!create) {
        throw new NoSuchFileException(name);
      }
      content = new Content(new Bytes(new byte[0], 0));
      names.put(name, content);
    }
    return new MemoryFile(name, content);
  }

  @Override
  public synchronized void delete(String name) throws IOException {
    if (names.remove(JournalStore.checkName(name)) == null) {
      throw new NoSuchFileException(name);
    }
  }

  @Override
  public synchronized void rename(String from, String to) throws IOException {
    JournalStore.checkName(to);
    Content content = names.remove(JournalStore.checkName(from));
    if (content == null) {
      throw new NoSuchFileException(from);
    }
    names.put(to, content);
  }

  @Override
  public synchronized void syncDirectory() throws IOException {
    if (syncFails()) {
      throw new IOException("sync of the journal directory failed: EIO (injected)");
    }
    durableNames = new TreeMap<>(names);
  }

  /** Counts a sync and says whether it is to fail. Called with the lock held. */
  private boolean syncFails() {
    syncs++;
    return failSyncSticky ? syncs >= failSyncAt : syncs == failSyncAt;
  }

  private boolean writeFails() {
    writes++;
    return failWriteSticky ? writes >= failWriteAt : writes == failWriteAt;
  }

  private final class MemoryFile implements JournalFile {
    private final String name;
    private final Content content;
    private boolean closed; // guarded by the store

    MemoryFile(String name, Content content) {
      this.name = name;
      this.content = content;
    }

    private void checkOpen() throws IOException {
      if (closed) {
        throw new ClosedChannelException();
      }
    }

    @Override
    public long length() throws IOException {
      synchronized (MemoryJournalStore.this) {
        checkOpen();
        return content.current.length;
      }
    }

    @Override
    public int read(ByteBuffer dst, long position) throws IOException {
      synchronized (MemoryJournalStore.this) {
        checkOpen();
        if (position >= content.current.length) {
          return dst.hasRemaining() ? -1 : 0;
        }
        int n = (int) Math.min(dst.remaining(), content.current.length - position);
        dst.put(content.current.array, (int) position, n);
        return n;
      }
    }

    @Override
    public void write(ByteBuffer src, long position) throws IOException {
      synchronized (MemoryJournalStore.this) {
        checkOpen();
        if (writeFails()) {
          throw new IOException(
              "write of %d bytes at %d of %s failed: EIO (injected)"
                  .formatted(src.remaining(), position, name));
        }
        byte[] data = new byte[src.remaining()];
        src.get(data);
        Change change = new Change(position, data, false);
        content.current.apply(change);
        content.pending.add(change);
      }
    }

    @Override
    public void sync() throws IOException {
      synchronized (MemoryJournalStore.this) {
        checkOpen();
        boolean fails = syncFails();
        if (!fails) {
          content.pending.forEach(content.durable::apply);
        }
        content.pending.clear();
        if (fails) {
          throw new IOException("sync of " + name + " failed: EIO (injected)");
        }
      }
    }

    @Override
    public void truncate(long length) throws IOException {
      synchronized (MemoryJournalStore.this) {
        checkOpen();
        if (length < content.current.length) {
          Change change = new Change(length, new byte[0], true);
          content.current.apply(change);
          content.pending.add(change);
        }
      }
    }

    @Override
    public void close() {
      synchronized (MemoryJournalStore.this) {
        closed = true;
      }
    }
  }
}
