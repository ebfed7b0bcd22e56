package io.faultline.engine.volume;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.read;
import static io.faultline.engine.EngineFixture.runs;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.Mutant;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: the last name takes its inode along if nobody uses it, and leaves it to the last user
 * otherwise. Method: unlink files that are open, cached, or neither, and beside an open.
 */
@Timeout(60)
class UnlinkTest {
  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  /** A file of one block that nothing is cached of. */
  private static long written(EngineFixture volume, String path) throws FsException {
    try (OpenInode f = volume.file(path)) {
      write(f, 0, page('A'));
      f.sync(true);
      volume.volume().dropCaches();
      return f.vnode().ino();
    }
  }

  @Test
  void aFileNobodyUsesEndsWithItsNameInOneTransaction() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      LiveVolume live = volume.volume();
      long free = live.freeBlocks();
      long ino = written(volume, "/f");
      live.sync();
      assertThat(live.files().get(ino)).isNull();
      live.names().unlink("/f");
      assertThat(live.table().get(ino)).isNull();
      assertThat(live.files().get(ino)).isNull();
      assertThat(live.pendingBlocks()).isOne();
      live.sync();
      assertThat(live.freeBlocks()).isEqualTo(free);
      volume.requireSound();
    }
  }

  @Test
  void aCachedFileLosesItsPagesToo() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      LiveVolume live = volume.volume();
      long ino = written(volume, "/f");
      try (OpenInode f = OpenInode.open(live, ino, true, false)) {
        read(f, 0, PAGE);
      }
      assertThat(live.files().get(ino)).isNotNull();
      live.names().unlink("/f");
      assertThat(live.table().get(ino)).isNull();
      assertThat(live.files().get(ino)).isNull();
      assertThat(live.cache().freeFrames()).isEqualTo(live.cache().frames());
      volume.requireSound();
    }
  }

  private static void anOpenFileOutlivesItsName() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL)) {
      LiveVolume live = volume.volume();
      long free = live.freeBlocks();
      long ino = written(volume, "/f");
      try (OpenInode f = OpenInode.open(live, ino, true, true)) {
        live.names().unlink("/f");
        assertThat(live.table().get(ino)).isNotNull();
        assertThat(runs(read(f, 0, PAGE))).isEqualTo(PAGE + "*A");
        assertThatThrownBy(() -> OpenInode.open(live, ino, true, false))
            .isInstanceOfSatisfying(
                FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
      }
      assertThat(live.table().get(ino)).isNull();
      live.sync();
      assertThat(live.freeBlocks()).isEqualTo(free);
      volume.requireSound();
    }
  }

  @Test
  void anOpenFileOutlivesItsNameAndEndsWithItsLastClose() throws Exception {
    anOpenFileOutlivesItsName();
    Mutant.activate(Mutant.UNLINK_ENDS_OPEN_FILE);
    assertThatThrownBy(UnlinkTest::anOpenFileOutlivesItsName).isInstanceOf(AssertionError.class);
  }

  @Test
  void whoOpensBesideAnUnlinkHasTheWholeFileOrNone() throws Exception {
    try (EngineFixture volume = EngineFixture.open(SMALL);
        ExecutorService other = Executors.newSingleThreadExecutor()) {
      LiveVolume live = volume.volume();
      long free = live.freeBlocks();
      CyclicBarrier start = new CyclicBarrier(2);
      for (int i = 0; i < 1_000; i++) {
        long ino = live.names().create("/f", 0644, true).ino();
        if (i % 4 == 0) {
          written(volume, "/f");
        }
        String whole = i % 4 == 0 ? PAGE + "*A" : "";
        Future<?> opener =
            other.submit(
                () -> {
                  start.await();
                  try (OpenInode f = OpenInode.open(live, ino, true, false)) {
                    assertThat(runs(read(f, 0, PAGE))).isEqualTo(whole);
                  } catch (FsException e) {
                    assertThat(e.errno()).isEqualTo(Errno.ENOENT);
                  }
                  return null;
                });
        start.await();
        live.names().unlink("/f");
        opener.get();
        assertThat(live.table().get(ino)).isNull();
        assertThat(live.files().get(ino)).isNull();
      }
      live.sync();
      assertThat(live.freeBlocks()).isEqualTo(free);
      volume.requireSound();
    }
  }
}
