package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.errno.FsException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: an fsync pays for one flush, the one of its commit, whatever others write meanwhile.
 * Method: a device that has another file written back in the midst of a flush, and counts.
 */
@Timeout(60)
class SharedFlushTest {
  /** Counts flushes, and does first what there is to be done during the next one. */
  private static final class BusyDevice implements BlockDevice {
    private final BlockDevice memory = new MemoryDevice(SMALL.blocks() * PAGE);
    private final AtomicInteger flushes = new AtomicInteger();
    private final Deque<Runnable> during = new ArrayDeque<>();

    @Override
    public long sizeBytes() {
      return memory.sizeBytes();
    }

    @Override
    public DeviceCapabilities capabilities() {
      return memory.capabilities();
    }

    @Override
    public void submit(Io io) {
      count(io);
      memory.submit(io);
    }

    @Override
    public void run(Io io) throws IOException {
      count(io);
      memory.run(io);
    }

    private void count(Io io) {
      if (io.op() == Io.Op.FLUSH) {
        flushes.incrementAndGet();
        Runnable task = during.poll();
        if (task != null) {
          CompletableFuture.runAsync(task).join(); // as another client, not as the committer
        }
      }
    }

    @Override
    public void close() throws IOException {
      memory.close();
    }
  }

  private static void writeBack(OpenInode file) {
    try {
      file.advise(0, PAGE, OpenInode.Advice.DONT_NEED);
    } catch (FsException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatIsWrittenDuringTheCommitCostsNoFlushOfItsOwn() throws Exception {
    BusyDevice device = new BusyDevice();
    try (EngineFixture volume = EngineFixture.open(SMALL, device)) {
      OpenInode mine = volume.file("/mine");
      OpenInode other = volume.file("/other");
      write(other, 0, page('A'));
      other.sync(true);
      write(other, 0, page('B'));
      write(mine, 0, page('C'));
      int before = device.flushes.get();
      device.during.add(() -> writeBack(other));
      mine.sync(true);
      assertThat(device.during).as("flushed, and written meanwhile").isEmpty();
      assertThat(device.flushes.get() - before).as("flushes of an fsync").isOne();
      // That flush had begun before the other file was written, so this one must make its own.
      other.sync(false);
      assertThat(device.flushes.get() - before).isEqualTo(2);
    }
  }
}
