package io.faultline.persistence.segment;

import io.faultline.engine.device.JournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.Barrier;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.Yield;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The journal of one volume, open for appending. A platform thread of its own scans the files when
 * the log opens and replays them. Whoever appends while nobody has the files writes on its own
 * thread; what is appended meanwhile queues up, and the journal's thread writes all of it with one
 * write and one sync and then acknowledges it (group commit).
 *
 * <p>A torn tail is cut, and the cut synced, before the first append; a tail that was merely not
 * synced yet is synced, so that nothing recovered can be lost again. A new segment's header and the
 * directory are synced before a record goes into it.
 *
 * <p>All methods are thread-safe; {@link #open}, {@link #append} and {@link #close} wait. After a
 * failed write or sync nobody knows what is on disk: that append and all later ones fail (rule
 * R13).
 */
public final class SegmentLog implements AutoCloseable {
  /** A new segment begins when the current one would grow beyond this. */
  static final long SEGMENT_BYTES_MAX = 64L << 20;

  private static final int BUFFER_BYTES_MIN = 1 << 16;

  /** The zeros ahead of a short segment; from there on they double. */
  private static final int ZEROS_AHEAD_BYTES_MIN = 1 << 18;

  private sealed interface Job {}

  private static final class Append implements Job {
    final long lsn;
    final int serializerId;
    final byte[] manifest;
    final byte[] payload;
    final CompletableFuture<Void> durable = new CompletableFuture<>();

    Append(long lsn, int serializerId, byte[] manifest, byte[] payload) {
      this.lsn = lsn;
      this.serializerId = serializerId;
      this.manifest = manifest;
      this.payload = payload;
    }
  }

  private record Replay(
      long from, long to, long max, Consumer<LogRecord> target, CompletableFuture<Void> done)
      implements Job {}

  private record Close() implements Job {}

  private final JournalStore store;
  private final VolumeIdentity identity;
  private final JournalAnchor anchor;
  private final Set<LogMutant> mutants;
  private final long segmentBytesMax;
  private final CompletableFuture<Void> opened = new CompletableFuture<>();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();

  /** Signalled when the journal's thread may have something to do. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition work = lock.newCondition();

  // Guarded by lock.
  private final ArrayDeque<Job> jobs = new ArrayDeque<>();
  private boolean closed; // no job may come behind the last one

  /** Whether a thread has the files: the journal's own, or one that appends. */
  private boolean busy = true;

  // Of the thread that has the files; lastLsn is read by others.
  private JournalStore.@Nullable JournalFile file;
  private String segment = "";
  private long position;
  private long zeroedTo;
  private volatile long lastLsn;
  private long syncedLsn;
  private int lastCrc;
  private @Nullable IOException failure;
  private @Nullable Arena memory;
  private ByteBuffer buffer = ByteBuffer.allocate(0);

  private SegmentLog(
      JournalStore store,
      VolumeIdentity identity,
      JournalAnchor anchor,
      long segmentBytesMax,
      Set<LogMutant> mutants) {
    this.store = store;
    this.identity = identity;
    this.anchor = anchor;
    this.segmentBytesMax = segmentBytesMax;
    this.mutants = mutants;
  }

  /**
   * Writes the empty journal of a new volume into {@code store} and syncs it.
   *
   * @throws FsException EEXIST when there is one
   */
  public static void create(JournalStore store, VolumeIdentity identity) throws IOException {
    if (store.list().stream().anyMatch(SegmentFormat::isSegment)) {
      throw new FsException(Errno.EEXIST, "create journal", "there is a journal already");
    }
    try (JournalStore.JournalFile first = store.open(SegmentFormat.nameOf(1), true)) {
      first.write(SegmentFormat.header(identity, 1, 0), 0);
      if (!Barrier.JOURNAL_CREATE_SYNC.omitted()) {
        first.sync();
      }
    }
    if (!Barrier.JOURNAL_CREATE_DIRECTORY_SYNC.omitted()) {
      store.syncDirectory();
    }
  }

  /** As {@link #open(EngineRuntime, JournalStore, VolumeIdentity, JournalAnchor)}, all of it. */
  public static SegmentLog open(EngineRuntime runtime, JournalStore store, VolumeIdentity identity)
      throws IOException {
    return open(runtime, store, identity, JournalAnchor.BEGINNING);
  }

  /**
   * Scans the journal behind {@code anchor} and opens it behind its last record.
   *
   * @param identity its epoch must be higher than that of every record
   * @param anchor what is known to be in the journal, and need not be read again
   * @throws FsException ENOENT without a journal; EUCLEAN when it is damaged, in which case nothing
   *     was changed
   */
  public static SegmentLog open(
      EngineRuntime runtime, JournalStore store, VolumeIdentity identity, JournalAnchor anchor)
      throws IOException {
    return open(runtime, store, identity, anchor, SEGMENT_BYTES_MAX);
  }

  /**
   * The same with segments of a size of one's own, in bytes; for tests of other packages, which
   * could not fill one otherwise.
   */
  public static SegmentLog open(
      EngineRuntime runtime,
      JournalStore store,
      VolumeIdentity identity,
      JournalAnchor anchor,
      long segmentBytesMax)
      throws IOException {
    return open(runtime, new SegmentLog(store, identity, anchor, segmentBytesMax, Set.of()));
  }

  static SegmentLog open(
      EngineRuntime runtime,
      JournalStore store,
      VolumeIdentity identity,
      long segmentBytesMax,
      Set<LogMutant> mutants)
      throws IOException {
    return open(
        runtime,
        new SegmentLog(store, identity, JournalAnchor.BEGINNING, segmentBytesMax, mutants));
  }

  private static SegmentLog open(EngineRuntime runtime, SegmentLog log) throws IOException {
    runtime.forkPlatform("faultline-journal", log::run);
    try {
      log.opened.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IOException("the journal cannot be opened", e.getCause());
    }
    return log;
  }

  /** The newest record; 0 for an empty journal. */
  public long lastLsn() {
    return lastLsn;
  }

  /**
   * Appends one record: on the calling thread, which then waits for the device, when nobody else
   * has the files; else it is queued.
   *
   * @param lsn must follow the record queued before
   * @return completes when a power cut can no longer lose the record, on the thread that wrote it
   */
  public CompletableFuture<Void> append(
      long lsn, int serializerId, String manifest, byte[] payload) {
    Append append =
        new Append(lsn, serializerId, manifest.getBytes(StandardCharsets.UTF_8), payload);
    if (submit(append, append.durable)) {
      try {
        write(List.of(append));
      } finally {
        leaveFiles();
      }
    }
    return append.durable;
  }

  /**
   * Reads the records of {@code [from, to]}, at most {@code max}, in order; {@code target} runs on
   * the journal's own thread and may wait there.
   */
  public CompletableFuture<Void> replay(long from, long to, long max, Consumer<LogRecord> target) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    submit(new Replay(from, to, max, target, done), done);
    return done;
  }

  /** Queues {@code job}, or answers true: the caller has the files and does it itself. */
  private boolean submit(Job job, CompletableFuture<Void> answer) {
    lock.lock();
    try {
      if (closed) {
        answer.completeExceptionally(new IOException("the journal is closed"));
        return false;
      }
      // Simulated actors have no thread that could wait for a device. And whoever is not waited for
      // must be on a thread of his own, or leaving the wait out would change nothing.
      boolean waitedFor = !Yield.SIMULATION && !Barrier.COMMIT_RECORD_WAIT.omitted();
      if (job instanceof Append && !busy && jobs.isEmpty() && waitedFor) {
        busy = true;
        return true;
      }
      jobs.add(job);
      work.signal();
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void leaveFiles() {
    lock.lock();
    try {
      busy = false;
      if (!jobs.isEmpty()) {
        work.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Lets the writer stop once everything queued is done; does not wait for it. */
  public void beginClose() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        jobs.add(new Close());
        work.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits until everything queued is written and the files are closed. */
  @Override
  public void close() {
    beginClose();
    stopped.join();
  }

  private void run() {
    try {
      try {
        scan();
      } catch (Throwable t) {
        closeFile();
        opened.completeExceptionally(t);
        return;
      }
      leaveFiles();
      opened.complete(null);
      work();
    } finally {
      closeFile();
      freeBuffer();
      stopped.complete(null);
    }
  }

  private void work() {
    List<Append> batch = new ArrayList<>();
    while (true) {
      for (Job job : takeJobs()) {
        switch (job) {
          case Append append -> batch.add(append);
          case Replay replay -> {
            write(batch);
            batch.clear();
            replay(replay);
          }
          case Close close -> {
            write(batch);
            return;
          }
        }
      }
      write(batch);
      batch.clear();
      leaveFiles();
    }
  }

  /** Waits for jobs and for the files. */
  private List<Job> takeJobs() {
    lock.lock();
    try {
      while (busy || jobs.isEmpty()) {
        work.awaitUninterruptibly();
      }
      busy = true;
      List<Job> taken = List.copyOf(jobs);
      jobs.clear();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void scan() throws IOException {
    SegmentScanner.Tail tail;
    try (SegmentScanner scanner = SegmentScanner.behind(store, identity, anchor)) {
      while (scanner.next() != null) {
        // Only the chain matters here; the payloads are read by the replay.
      }
      tail = scanner.tail();
    }
    if (tail.lastLsn() > 0 && tail.lastEpoch() >= identity.epoch()) {
      throw new FsException(
          Errno.EUCLEAN,
          "open journal",
          "epoch " + identity.epoch() + " is not newer than the journal's " + tail.lastEpoch());
    }
    JournalStore.JournalFile last = store.open(tail.segment(), false);
    file = last;
    segment = tail.segment();
    position = tail.offset();
    lastLsn = tail.lastLsn();
    lastCrc = tail.lastCrc();
    if (mutants.contains(LogMutant.NO_CUT)) {
      position = last.length();
    } else if (tail.torn()) {
      if (tail.tornSegment().isPresent()) {
        store.delete(tail.tornSegment().get());
      }
      last.truncate(position);
    }
    // What a killed process left in the host's cache is about to be believed: make it last.
    if (!Barrier.RECOVERY_TAIL_SYNC.omitted()) {
      last.sync();
    }
    if (!Barrier.RECOVERY_DIRECTORY_SYNC.omitted()) {
      store.syncDirectory();
    }
    syncedLsn = lastLsn;
  }

  private void write(List<Append> batch) {
    if (batch.isEmpty()) {
      return;
    }
    try {
      IOException dead = failure;
      if (dead != null) {
        throw dead;
      }
      writeAndSync(batch);
    } catch (IOException | RuntimeException e) {
      if (failure == null) {
        failure = e instanceof IOException io ? io : new IOException("journal write failed", e);
      }
      batch.forEach(append -> append.durable.completeExceptionally(e));
      return;
    }
    if (!mutants.contains(LogMutant.ACKNOWLEDGE_BEFORE_SYNC)) {
      batch.forEach(append -> append.durable.complete(null));
    }
  }

  private void writeAndSync(List<Append> batch) throws IOException {
    long bytes = 0;
    for (Append append : batch) {
      bytes += SegmentFormat.recordBytes(append.manifest, append.payload);
    }
    // Rolling comes first: all that the old segment holds is synced by now.
    if (position + bytes > segmentBytesMax && position > SegmentFormat.HEADER_BYTES) {
      roll();
    }
    ByteBuffer out = room(Math.toIntExact(bytes));
    long lsn = lastLsn;
    int crc = lastCrc;
    for (Append append : batch) {
      if (append.lsn != lsn + 1) {
        throw new IOException("transaction " + append.lsn + " cannot follow " + lsn);
      }
      crc =
          SegmentFormat.putRecord(
              out,
              identity,
              append.lsn,
              syncedLsn,
              crc,
              append.serializerId,
              append.manifest,
              append.payload);
      lsn = append.lsn;
    }
    JournalStore.JournalFile target = current();
    target.write(out.flip(), position);
    writeZerosAhead(target, position + bytes);
    if (mutants.contains(LogMutant.ACKNOWLEDGE_BEFORE_SYNC)) {
      batch.forEach(append -> append.durable.complete(null));
    } else if (!Barrier.SEGMENT_SYNC.omitted()) {
      target.sync();
    }
    position += bytes;
    lastLsn = lsn;
    lastCrc = crc;
    syncedLsn = lsn;
  }

  /**
   * Writes zeros behind {@code end} when the last ones are used up, for the sync that follows. To
   * {@link SegmentScanner} they are a torn tail. A record that replaces them changes neither the
   * file's length nor its place on the disk, so that its sync costs the host no transaction.
   */
  private void writeZerosAhead(JournalStore.JournalFile target, long end) {
    int aheadMax = store.zerosAheadBytes();
    if (end <= zeroedTo || aheadMax == 0) {
      return;
    }
    int ahead = Math.clamp(end, Math.min(ZEROS_AHEAD_BYTES_MIN, aheadMax), aheadMax);
    // Also if it fails: the next attempt comes when as much has been appended.
    zeroedTo = end + ahead;
    try (Arena own = Arena.ofConfined()) {
      target.write(own.allocate(ahead).asByteBuffer(), end);
    } catch (IOException full) {
      // A host without room for zeros may still have some for records; if it has not, they say so.
    }
  }

  /** Leaves nothing behind the last record. The next sync makes that durable. */
  private void cutZeros(JournalStore.JournalFile target) throws IOException {
    if (zeroedTo > position) {
      target.truncate(position);
    }
    zeroedTo = 0;
  }

  private void roll() throws IOException {
    JournalStore.JournalFile full = current();
    // Zeros in front of another segment would be damage (rule R8): durably cut before it exists.
    if (zeroedTo > position && !mutants.contains(LogMutant.NO_SEAL)) {
      cutZeros(full);
      if (!Barrier.SEGMENT_CUT_SYNC.omitted()) {
        full.sync();
      }
    }
    zeroedTo = 0;
    full.close();
    file = null;
    segment = SegmentFormat.nameOf(lastLsn + 1);
    JournalStore.JournalFile next = store.open(segment, true);
    file = next;
    next.write(SegmentFormat.header(identity, lastLsn + 1, lastCrc), 0);
    if (!Barrier.SEGMENT_HEADER_SYNC.omitted()) {
      next.sync();
    }
    if (!Barrier.SEGMENT_DIRECTORY_SYNC.omitted()) {
      store.syncDirectory();
    }
    position = SegmentFormat.HEADER_BYTES;
  }

  private JournalStore.JournalFile current() throws IOException {
    JournalStore.JournalFile open = file;
    if (open == null) {
      throw new IOException("segment " + segment + " is not open");
    }
    return open;
  }

  @SuppressWarnings("MustBeClosedChecker") // freeBuffer does, at the latest as the thread ends
  private ByteBuffer room(int bytes) {
    // Off the heap, since every write would copy a heap buffer into a hidden direct one. No direct
    // ByteBuffer: the JVM frees those on a thread of its own, whose monitor a simulated task must
    // not find taken (SimScheduler).
    if (buffer.capacity() < bytes) {
      int size = Math.max(bytes, Math.clamp(2L * buffer.capacity(), BUFFER_BYTES_MIN, 1 << 22));
      freeBuffer();
      Arena own = Arena.ofShared();
      memory = own;
      buffer = own.allocate(size).asByteBuffer();
    }
    return buffer.clear();
  }

  private void freeBuffer() {
    Arena own = memory;
    if (own != null) {
      memory = null;
      buffer = ByteBuffer.allocate(0);
      own.close();
    }
  }

  private void replay(Replay replay) {
    try (SegmentScanner scanner = SegmentScanner.from(store, identity, replay.from)) {
      long left = replay.max;
      for (LogRecord r = scanner.next(); r != null && left > 0; r = scanner.next()) {
        if (r.lsn() > replay.to) {
          break;
        }
        if (r.lsn() >= replay.from) {
          replay.target.accept(r);
          left--;
        }
      }
      replay.done.complete(null);
    } catch (IOException | RuntimeException e) {
      replay.done.completeExceptionally(e);
    }
  }

  private void closeFile() {
    JournalStore.JournalFile last = file;
    file = null;
    if (last == null) {
      return;
    }
    try (last) {
      if (failure == null) {
        cutZeros(last);
      }
    } catch (IOException e) {
      // Everything acknowledged was synced before: nothing can be lost by this.
      failure = e;
    }
  }
}
