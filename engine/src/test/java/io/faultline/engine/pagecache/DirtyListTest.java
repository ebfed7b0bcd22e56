package io.faultline.engine.pagecache;

import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.volume.OpenInode;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: a file with a dirty page is on the list that background writeback goes through, whoever
 * takes it off meanwhile. Method: one thread makes a page dirty while another takes the file off,
 * thousands of times, and the list is looked at whenever both are done.
 */
@Timeout(60)
class DirtyListTest {
  private static final int ROUNDS = 20_000;

  @Test
  void aFileThatBecomesDirtyWhileItIsTakenOffTheListIsOnIt() throws Exception {
    try (EngineFixture volume = EngineFixture.open(EngineFixture.Setup.SMALL)) {
      OpenInode f = volume.file("/f");
      PageCache cache = volume.volume().cache();
      Mapping mapping = f.vnode().mapping();
      CyclicBarrier barrier = new CyclicBarrier(2);
      Thread remover =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    try {
                      for (int round = 0; round < ROUNDS; round++) {
                        barrier.await(30, TimeUnit.SECONDS);
                        cache.unlistIfClean(mapping);
                        barrier.await(30, TimeUnit.SECONDS);
                      }
                    } catch (Exception e) {
                      barrier.reset();
                    }
                  });
      byte[] bytes = page('A');
      for (int round = 0; round < ROUNDS; round++) {
        barrier.await(30, TimeUnit.SECONDS);
        write(f, 0, bytes);
        barrier.await(30, TimeUnit.SECONDS);
        assertThat(cache.dirtyMappings()).as("round %s", round).contains(mapping);
        f.advise(0, 0, OpenInode.Advice.DONT_NEED);
        assertThat(mapping.dirtyPages()).isZero();
      }
      remover.join();
      cache.unlistIfClean(mapping);
      assertThat(cache.dirtyMappings()).doesNotContain(mapping);
    }
  }
}
