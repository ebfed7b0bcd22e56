package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.read;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.runtime.EngineRuntime;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Goal: writes move mtime by ticks of a millisecond and lose none of them. Method: a wall clock of
 * the test's own.
 */
class WriteTimesTest {
  private static final long BEGIN = 1_800_000_000_000_000_000L;
  private static final long TICK = 1_000_000;

  /** Real threads and timers, a wall clock that is set by hand. */
  private record SetClock(AtomicLong wall) implements EngineRuntime {
    @Override
    public long nanoTime() {
      return EngineRuntime.production().nanoTime();
    }

    @Override
    public long wallNanos() {
      return wall.get();
    }

    @Override
    public void fork(String name, Runnable body) {
      EngineRuntime.production().fork(name, body);
    }

    @Override
    public void forkPlatform(String name, Runnable body) {
      EngineRuntime.production().forkPlatform(name, body);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable callback) {
      return EngineRuntime.production().schedule(delayNanos, callback);
    }

    @Override
    public boolean simulated() {
      return false;
    }
  }

  @Test
  void mtimeMovesByTicksAndEachWriteBehindASyncMovesIt() throws Exception {
    AtomicLong now = new AtomicLong(BEGIN);
    EngineFixture.Setup setup = EngineFixture.Setup.SMALL;
    try (EngineFixture volume =
        EngineFixture.open(
            setup, new MemoryDevice(setup.blocks() * EngineFixture.PAGE), new SetClock(now))) {
      OpenInode f = volume.file("/f");
      now.addAndGet(10 * TICK);
      long first = now.get();
      write(f, 0, page('A'));
      assertThat(f.vnode().mtime()).isEqualTo(first);
      now.addAndGet(TICK - 1);
      write(f, 0, page('B'));
      assertThat(f.vnode().mtime()).isEqualTo(first);
      now.addAndGet(1);
      write(f, 0, page('C'));
      assertThat(f.vnode().mtime()).isEqualTo(first + TICK);
      f.sync(true);
      assertThat(volume.durable(f).attributes().mtimeNanos()).isEqualTo(first + TICK);
      // However soon: what was told to be durable has a time of its own.
      now.addAndGet(1);
      write(f, 0, page('D'));
      assertThat(f.vnode().mtime()).isEqualTo(first + TICK + 1);
      // The host's clock was set back.
      now.set(BEGIN);
      write(f, 0, page('E'));
      assertThat(f.vnode().mtime()).isEqualTo(BEGIN);
    }
  }

  @Test
  void aReadBehindAWriteThatMovedMtimeMovesAtime() throws Exception {
    AtomicLong now = new AtomicLong(BEGIN);
    EngineFixture.Setup setup = EngineFixture.Setup.SMALL;
    try (EngineFixture volume =
        EngineFixture.open(
            setup, new MemoryDevice(setup.blocks() * EngineFixture.PAGE), new SetClock(now))) {
      OpenInode f = volume.file("/f");
      write(f, 0, page('A'));
      now.addAndGet(5 * TICK);
      read(f, 0, 1);
      assertThat(f.vnode().atime()).isEqualTo(now.get());
      now.addAndGet(5 * TICK);
      read(f, 0, 1);
      assertThat(f.vnode().atime()).isEqualTo(now.get() - 5 * TICK);
      write(f, 0, page('B'));
      now.addAndGet(5 * TICK);
      read(f, 0, 1);
      assertThat(f.vnode().atime()).isEqualTo(now.get());
    }
  }
}
