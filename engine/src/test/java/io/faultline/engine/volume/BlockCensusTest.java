package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.extent.BlockAllocator;
import io.faultline.engine.extent.BlockLedger;
import io.faultline.engine.extent.BlockRun;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.pagecache.CacheAudit;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/**
 * Goal: a block that nobody holds is missed, though every counter kept along the way agrees.
 * Method: a bitmap or a page's flag is changed behind the back of what counts. (At commits: mutant
 * I14 of the catalogue.)
 */
class BlockCensusTest {
  private static final BlockRun RUN = new BlockRun(7, 3);
  private static final long LEAF_PAGES = 512;

  @Test
  void countsFreeTakenAndPendingBlocksAndMissesThoseThatNobodyHolds() {
    BlockLedger ledger = BlockLedger.of(100);
    BlockAllocator allocator =
        new BlockAllocator(100, BlockAllocator.Policy.REUSE_LAST_FREED, ledger);
    BlockCensus census = new BlockCensus(allocator, new InodeTable(), ledger);
    census.count(0);
    allocator.allocate(5, 0);
    census.count(0);
    allocator.markUsed(RUN);
    // The ledger's own sum is right.
    ledger.persists(1, 0);
    assertThatThrownBy(() -> census.count(0))
        .hasMessageContaining("I14 ")
        .hasMessageContaining("92 free + 0 owned")
        .hasMessageContaining("+ 0 pending + 5 taken, of 100 blocks");
    census.count(RUN.length());
  }

  @Test
  void reservationsAreCountedByTheFlagsOfThePages() throws Exception {
    try (EngineFixture volume = EngineFixture.open(EngineFixture.Setup.SMALL)) {
      OpenInode f = volume.file("/f");
      EngineFixture.write(f, 0, EngineFixture.bytes('A', 3 * EngineFixture.PAGE));
      CacheAudit audit = volume.volume().cache().audit();
      assertThat(audit.reservedPages(f.vnode().mapping())).isEqualTo(3);
      f.sync(true);
      assertThat(audit.reservedPages(f.vnode().mapping())).isZero();
      volume.requireSound();
    }
  }

  /** A block changes under its page, in a leaf far behind those that a command looks at wholly. */
  @Test
  void atRestEveryLeafIsComparedWithItsBlocks() throws Exception {
    for (boolean peeks : new boolean[] {true, false}) {
      MemoryDevice device = new MemoryDevice(EngineFixture.Setup.SMALL.blocks() * PAGE);
      try (EngineFixture volume =
          EngineFixture.open(EngineFixture.Setup.SMALL, peeks ? device : new Opaque(device))) {
        OpenInode f = volume.file("/f");
        long last = 40 * LEAF_PAGES;
        for (long page = 0; page <= last; page += LEAF_PAGES) {
          EngineFixture.write(f, page * PAGE, EngineFixture.page('A'));
        }
        f.sync(true);
        volume.requireSound();
        long block = volume.durable(f).extents().lookup(last).physicalOf(last);
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment other = arena.allocate(PAGE, PAGE);
          device.run(Io.write(block * PAGE, other, new long[] {0}, 1));
        }
        assertThat(Fsck.check(volume.volume()).findings())
            .as("peeks: %s", peeks)
            .extracting(Fsck.Finding::kind)
            .containsExactly(Fsck.Kind.PAGE_STALE);
      }
    }
  }

  @Test
  void onlyAPageThatIsCleanOrNotCachedHoldsStill() throws Exception {
    try (EngineFixture volume = EngineFixture.open(EngineFixture.Setup.SMALL)) {
      OpenInode f = volume.file("/f");
      CacheAudit audit = volume.volume().cache().audit();
      assertThat(audit.holdsStill(f.vnode().mapping(), 0)).isTrue();
      EngineFixture.write(f, 0, EngineFixture.page('A'));
      assertThat(audit.holdsStill(f.vnode().mapping(), 0)).isFalse();
      assertThat(audit.holdsStill(f.vnode().mapping(), 1)).isTrue();
      f.sync(true);
      assertThat(audit.holdsStill(f.vnode().mapping(), 0)).isTrue();
    }
  }

  /** A device of which checks see only what requests read. */
  private record Opaque(BlockDevice below) implements BlockDevice {
    @Override
    public void submit(Io io) {
      below.submit(io);
    }

    @Override
    public long sizeBytes() {
      return below.sizeBytes();
    }

    @Override
    public DeviceCapabilities capabilities() {
      return below.capabilities();
    }

    @Override
    public void close() throws IOException {
      below.close();
    }
  }
}
