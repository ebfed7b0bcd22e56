package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;

import io.faultline.engine.device.Io;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.extent.BlockRun;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.lock.CacheGuard;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.PageRange;
import io.faultline.engine.pagecache.Backing;
import io.faultline.engine.pagecache.CacheCounters;
import io.faultline.engine.pagecache.Mapping;
import io.faultline.engine.pagecache.PageCache;
import io.faultline.engine.pagecache.PageWriter;
import io.faultline.engine.pagecache.Readahead;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.SimRuntime;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * The page cache of one file of two pages, on a device of four blocks: the cache, its filler,
 * destroyer and writer, its locks and the checks of its invariants are the real ones. The block map
 * behind it is two fields, and there is neither actor nor journal.
 */
final class CacheStage implements Stage {
  static final long INO = 7;
  static final int PAGES = 2;
  private static final int BLOCKS = 4;

  /** What lies in block n at the beginning. */
  private static final String CONTENT = "STUV";

  private final PageCache cache;
  private final Readahead readahead = new Readahead();
  private final Mapping mapping;
  private final TinyMap map;
  private final MemoryDevice device;
  private final Script script;

  /** Makes the clients of one run. */
  interface Script {
    void clients(CacheStage stage, Cast cast) throws Exception;
  }

  /**
   * Such a cache for each run.
   *
   * <p>The device is kept and written anew for each: most of its cost is its making.
   */
  record Of(Guard guard, Script script, MemoryDevice device) implements Staging {
    Of(Script script) {
      this(Guard.MAPPING_LOCK, script, new MemoryDevice((long) BLOCKS * PAGE));
    }

    @Override
    public Staging withGuard(Guard other) {
      return new Of(other, script, device);
    }

    @Override
    public Stage stage(SimRuntime runtime) throws IOException {
      return new CacheStage(guard, device, script);
    }
  }

  private CacheStage(Guard guard, MemoryDevice device, Script script) throws IOException {
    this.device = device;
    this.script = script;
    // As on a volume: without the guard the invariants it upholds are not asked for.
    BlockLedger ledger = PageCache.checkedUnder(guard) ? BlockLedger.of(BLOCKS) : BlockLedger.off();
    this.map = new TinyMap(ledger);
    this.cache =
        new PageCache(
            PageCache.FRAMES_MIN, device, guard, new CacheCounters(), ledger, CacheStage::nobody);
    CacheGuard lock = CacheGuard.of(guard, INO, new LockCounters());
    this.mapping = new Mapping((long) PAGES * PAGE, map, lock);
    readahead.set(Readahead.Pattern.RANDOM);
    for (int block = 0; block < BLOCKS; block++) {
      overwrite(block, CONTENT.charAt(block));
    }
  }

  /** Two pages, at first in blocks 0 and 1. */
  private static final class TinyMap implements Backing {
    private final BlockLedger ledger;
    private final Extent[] pages = new Extent[PAGES];
    private int reserved;

    TinyMap(BlockLedger ledger) {
      this.ledger = ledger;
      for (int page = 0; page < PAGES; page++) {
        pages[page] = Extent.written(page, page, 1);
        ledger.recovered(new BlockRun(page, 1));
      }
    }

    @Override
    public Extent lookup(long block) {
      return block < PAGES ? pages[(int) block] : Extent.hole(block, Long.MAX_VALUE - block);
    }

    @Override
    public boolean reserve() {
      reserved++;
      return true;
    }

    @Override
    public void unreserve() {
      reserved--;
    }

    @Override
    public void pin(String operation) {}

    @Override
    public void unpin() {}

    /** The page's block is free, and durably so. */
    void punch(int page) {
      ledger.freed(new BlockRun(page, 1), 1);
      pages[page] = Extent.hole(page, 1);
      ledger.durable(1);
      ledger.released(new BlockRun(page, 1));
    }
  }

  /** Dirty pages are few enough never to stand in anybody's way. */
  private static void nobody() {
    throw new IllegalStateException("writeback was asked for");
  }

  PageCache cache() {
    return cache;
  }

  Mapping mapping() {
    return mapping;
  }

  @Override
  public void cast(Cast cast) throws Exception {
    script.clients(this, cast);
  }

  /** The bytes of a page as a reader gets them. */
  byte[] read(int page) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(PAGE);
    int n = cache.read(mapping, readahead, buffer, (long) page * PAGE);
    if (n != PAGE) {
      throw new IllegalStateException("read " + n + " bytes of page " + page);
    }
    return buffer.array();
  }

  /** Puts two bytes at the beginning of a page. */
  void put(int page, char c, PageWriter.Mode mode) throws IOException {
    byte[] bytes = {(byte) c, (byte) c};
    PageWriter.Result result =
        cache.writer().put(mapping, page, 0, 2, MemorySegment.ofArray(bytes), 0, mode);
    if (result != PageWriter.Result.DONE) {
      throw new IllegalStateException("put into page " + page + ": " + result);
    }
  }

  /** Punches a page out, as a command's body does; its block is another's at once. */
  void punch(int page) throws IOException {
    CacheGuard lock = mapping.lock();
    PageRange range = new PageRange(page, page + 1L);
    lockExclusive(lock, range);
    try {
      Yield.at(YieldPoint.DESTROY_LOCKED, INO, page);
      cache.invalidator().discard(mapping, page, page + 1L);
      map.punch(page);
      overwrite(page, 'Z');
      Yield.at(YieldPoint.DESTROY_APPLIED, INO, page);
    } finally {
      lock.unlockExclusive(range);
    }
  }

  /** There is no actor to be told of the grant: the client waits for it itself. */
  private static void lockExclusive(CacheGuard lock, PageRange range) {
    Thread client = Thread.currentThread();
    boolean[] granted = new boolean[1];
    lock.lockExclusiveAsync(
        range,
        () -> {
          granted[0] = true;
          LockSupport.unpark(client);
        });
    while (!granted[0]) {
      Yield.at(YieldPoint.LOCK_WAIT, INO, lock.rank().position());
      LockSupport.park();
    }
    LockOrder.adopt(lock.rank(), INO);
  }

  /** Puts what is cached of a page out, as far as nobody uses it and nothing is unwritten. */
  void evict() {
    // The first pass takes the pages' second chance.
    cache.dropClean();
    Yield.at(YieldPoint.SIZE_SAMPLED, INO, 0);
    cache.dropClean();
  }

  private void overwrite(int block, char c) throws IOException {
    device.run(Io.write((long) block * PAGE, page(c), new long[] {0}, 1));
  }

  private static MemorySegment page(char c) {
    return Pages.OF.asSlice((long) c * PAGE, PAGE);
  }

  /** A page of each letter. */
  private static final class Pages {
    static final MemorySegment OF = Arena.global().allocate(128L * PAGE, PAGE);

    static {
      for (long at = 0; at < OF.byteSize(); at++) {
        OF.set(ValueLayout.JAVA_BYTE, at, (byte) (at / PAGE));
      }
    }
  }

  /** A reader finds one of {@code allowed} in a page, written as {@link RaceVolume#runs}. */
  void expect(String kind, int page, String... allowed) throws IOException {
    String seen = RaceVolume.runs(read(page));
    for (String text : allowed) {
      if (seen.equals(text)) {
        return;
      }
    }
    throw new RaceViolation(kind, INO, (long) page * PAGE, seen, String.join(" or ", allowed));
  }

  /** As many reservations as there are dirty pages over holes. */
  void expectReserved() {
    if (map.reserved != mapping.reservedPages()) {
      throw new RaceViolation(
          "lost-space", INO, -1, map.reserved + " reserved", mapping.reservedPages() + " pages");
    }
  }

  @Override
  public void close() {
    cache.close();
  }

  @Override
  public void abandon() {
    // Closed by the run that held; one that failed leaves its frames to the collector.
  }
}
