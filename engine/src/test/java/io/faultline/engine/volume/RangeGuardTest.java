package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.PageRange;
import io.faultline.engine.pagecache.Mapping;
import io.faultline.engine.pagecache.PageCache;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: a window that the lock by ranges cut short costs no page behind the destroyer. Method:
 * advice meets a destroyer that goes only when the pages before it are there.
 */
@Timeout(60)
class RangeGuardTest {
  private static final int PAGES = 32;
  private static final PageRange DESTROYED = new PageRange(4, 5);

  @Test
  void adviceGoesOnBehindADestroyer() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL.withGuard(Guard.RANGE_LOCK))) {
      OpenInode f = volume.file("/f");
      write(f, 0, bytes('A', PAGES * PAGE));
      volume.volume().dropCaches();
      PageCache cache = volume.volume().cache();
      Mapping m = f.vnode().mapping();
      assertThat(cache.hasData(m, PAGES - 1)).isFalse();
      m.lock().lockExclusiveAsync(DESTROYED, () -> {});
      CompletableFuture<Void> advised =
          CompletableFuture.runAsync(
              () -> {
                try {
                  f.advise(0, (long) PAGES * PAGE, OpenInode.Advice.WILL_NEED);
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      while (!cache.hasData(m, DESTROYED.from() - 1)) {
        Thread.onSpinWait();
      }
      LockOrder.adopt(m.lock().rank(), m.lock().ino());
      m.lock().unlockExclusive(DESTROYED);
      advised.join();
      for (int page = 0; page < PAGES; page++) {
        assertThat(cache.hasData(m, page)).as("page %s", page).isTrue();
      }
    }
  }
}
