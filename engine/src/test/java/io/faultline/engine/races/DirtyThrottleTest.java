package io.faultline.engine.races;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.read;
import static io.faultline.engine.EngineFixture.runs;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.EngineFixture;
import io.faultline.engine.device.FailingDevice;
import io.faultline.engine.device.FailurePlan;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.volume.OpenInode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goal: writers wait while half of the frames are unwritten, readers find frames meanwhile, and
 * whatever becomes of the writeback, nobody waits for ever. Method: a device that stands still
 * until it is told to go on, or fails; a deadlock ends a simulated run by itself.
 */
@Tag("simulation")
class DirtyThrottleTest {
  private static final int LIMIT = SMALL.frames() / 2;

  /** More than the limit, and fewer than there are frames. */
  private static final int PAGES = LIMIT + 60;

  private static final long SCHEDULES_MAX = 100;

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  private static @Nullable Throwable failure(Explorer.Scenario scenario) {
    return Explorer.explore(0, SCHEDULES_MAX, scenario).failure().orElse(null);
  }

  private static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Yield.at(YieldPoint.SPIN);
    }
  }

  private static boolean full(EngineFixture volume) {
    return volume.volume().cache().unwrittenPages() > LIMIT;
  }

  /** A volume on a device that can be told to stand still. */
  private interface Script {
    void clients(EngineFixture volume, HeldRuns device, FailurePlan plan, RaceScenario.Cast cast)
        throws Exception;
  }

  private static RaceScenario scenario(Script script) {
    AtomicReference<HeldRuns> device = new AtomicReference<>();
    AtomicReference<FailurePlan> plan = new AtomicReference<>();
    return RaceScenario.onDevice(
        SMALL,
        (runtime, size) -> {
          plan.set(new FailurePlan(1));
          device.set(new HeldRuns(new FailingDevice(new MemoryDevice(size), plan.get())));
          return device.get();
        },
        (volume, cast) -> script.clients(volume, device.get(), plan.get(), cast));
  }

  private static RaceScenario writerAndReader() {
    return scenario(
        (volume, device, plan, cast) -> {
          OpenInode f = volume.file("/f");
          OpenInode g = volume.file("/g");
          write(f, 0, bytes('F', 64 * PAGE));
          volume.volume().dropCaches();
          device.hold();
          AtomicBoolean released = new AtomicBoolean();
          cast.client(
              "writer",
              () -> {
                write(g, 0, bytes('G', PAGES * PAGE));
                Check.that(released.get(), "written while the device stood still");
              });
          cast.client(
              "reader",
              () -> {
                until(() -> full(volume));
                // One page a time, backwards: such reads are not held.
                for (int page = 63; page >= 0; page--) {
                  String seen = runs(read(f, (long) page * PAGE, PAGE));
                  Check.that(seen.equals("4096*F"), "read %s", seen);
                }
                released.set(true);
                device.release();
              });
        });
  }

  @Test
  void writersWaitAtHalfOfTheFramesAndReadersDoNot() {
    assertThat(failure(writerAndReader())).isNull();
  }

  @Test
  void withoutTheLimitTheyFillTheCache() {
    Mutant.activate(Mutant.DIRTY_PAGES_UNLIMITED);
    assertThat(failure(writerAndReader())).hasMessageContaining("while the device stood still");
  }

  private static RaceScenario volumeTurnsReadOnly() {
    return scenario(
        (volume, device, plan, cast) -> {
          OpenInode f = volume.file("/f");
          OpenInode g = volume.file("/g");
          write(f, 0, page('F'));
          volume.volume().sync();
          device.hold();
          CompletableFuture<Void> written = new CompletableFuture<>();
          cast.client(
              "writer",
              () -> {
                write(g, 0, bytes('G', PAGES * PAGE));
                written.complete(null);
              });
          cast.client(
              "committer",
              () -> {
                until(() -> full(volume));
                plan.add(FailurePlan.Failure.from(FailurePlan.Kind.FLUSH_ERROR, 1));
                // Writes an edge through, so that the commit has something to flush.
                OpenInode.await(f.punchHole(100, 200));
                requireEio(f);
                written.join();
                device.release();
              });
          cast.check(
              () -> {
                try {
                  volume.close();
                  throw new AssertionError("closed as if nothing had been");
                } catch (FsException e) {
                  Check.that(e.errno() == Errno.EIO, "%s", e);
                }
              });
        });
  }

  private static void requireEio(OpenInode file) {
    try {
      file.sync(true);
      throw new AssertionError("synced though it could not be flushed");
    } catch (FsException e) {
      Check.that(e.errno() == Errno.EIO, "%s", e);
    }
  }

  @Test
  void aVolumeThatTurnsReadOnlyLetsItsWritersGo() {
    assertThat(failure(volumeTurnsReadOnly())).isNull();
  }

  @Test
  void otherwiseTheyWaitForEver() {
    Mutant.activate(Mutant.WRITERS_WAIT_FOR_EVER);
    assertThat(failure(volumeTurnsReadOnly())).hasMessageContaining("deadlock");
  }

  /** What cannot be written is lost, which a sync tells; it is in nobody's way. */
  @Test
  void aDeviceThatFailsKeepsNobodyWaiting() {
    assertThat(
            failure(
                scenario(
                    (volume, device, plan, cast) -> {
                      OpenInode g = volume.file("/g");
                      OpenInode h = volume.file("/h");
                      plan.add(FailurePlan.Failure.from(FailurePlan.Kind.WRITE_ERROR, 1));
                      for (OpenInode file : new OpenInode[] {g, h}) {
                        cast.client(
                            "writer of " + file.vnode().ino(),
                            () -> {
                              write(file, 0, bytes('W', 3 * SMALL.frames() * PAGE));
                              requireEio(file);
                            });
                      }
                      cast.check(plan::clear);
                    })))
        .isNull();
  }

  @Test
  void aVolumeIsClosedBehindItsWriters() {
    assertThat(
            failure(
                scenario(
                    (volume, device, plan, cast) -> {
                      OpenInode g = volume.file("/g");
                      device.hold();
                      AtomicBoolean closing = new AtomicBoolean();
                      cast.client("writer", () -> write(g, 0, bytes('G', PAGES * PAGE)));
                      cast.client(
                          "closer",
                          () -> {
                            until(() -> full(volume));
                            closing.set(true);
                            volume.close();
                            Check.that(
                                volume.durable(g).durableSize() == (long) PAGES * PAGE,
                                "closed with %s",
                                volume.durable(g));
                          });
                      cast.client(
                          "device",
                          () -> {
                            until(closing::get);
                            device.release();
                          });
                    })))
        .isNull();
  }

  /** A file is truncated while its own writers are held back: the command comes behind them. */
  @Test
  void aTruncateComesBehindThoseWhoWait() {
    assertThat(
            failure(
                scenario(
                    (volume, device, plan, cast) -> {
                      OpenInode g = volume.file("/g");
                      device.hold();
                      AtomicBoolean truncating = new AtomicBoolean();
                      cast.client("writer", () -> write(g, 0, bytes('G', PAGES * PAGE)));
                      cast.client(
                          "truncater",
                          () -> {
                            until(() -> full(volume));
                            truncating.set(true);
                            OpenInode.await(g.truncate(PAGE));
                          });
                      cast.client(
                          "device",
                          () -> {
                            until(truncating::get);
                            device.release();
                          });
                      cast.check(
                          () -> {
                            String seen = runs(read(g, 0, 2 * PAGE));
                            Check.that(seen.equals(runs(page('G'))), "read %s", seen);
                            long left = volume.volume().cache().unwrittenPages();
                            Check.that(left <= 1, "%s pages are unwritten", left);
                          });
                    })))
        .isNull();
  }
}
