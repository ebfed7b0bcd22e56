package io.faultline.engine.races;

import static io.faultline.engine.EngineFixture.PAGE;
import static io.faultline.engine.EngineFixture.Setup.SMALL;
import static io.faultline.engine.EngineFixture.bytes;
import static io.faultline.engine.EngineFixture.page;
import static io.faultline.engine.EngineFixture.read;
import static io.faultline.engine.EngineFixture.runs;
import static io.faultline.engine.EngineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.device.CountingDevice;
import io.faultline.engine.device.Io;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.Check;
import io.faultline.engine.runtime.Mutant;
import io.faultline.engine.runtime.Yield;
import io.faultline.engine.runtime.YieldPoint;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.volume.OpenInode;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: rules R1–R21, where they close an interleaving, are needed. Method: each scenario holds
 * under every schedule within its preemption bound, and the same scenario fails with the same words
 * once the rule's step is omitted.
 */
@Tag("simulation")
class SimulatedMutantsTest {
  private static final long SCHEDULES_MAX = 30_000;

  @AfterEach
  void noMutantStays() {
    Mutant.activate();
  }

  private static void kills(
      Mutant mutant, String message, int preemptions, Explorer.Scenario scenario) {
    kills(mutant, message, preemptions, SCHEDULES_MAX, scenario);
  }

  private static void kills(
      Mutant mutant, String message, int preemptions, long max, Explorer.Scenario scenario) {
    Explorer.Result sound = Explorer.explore(preemptions, max, scenario);
    assertThat(sound.failure()).as("the scenario without %s", mutant).isEmpty();
    Mutant.activate(mutant);
    Explorer.Result broken = Explorer.explore(preemptions, max, scenario);
    assertThat(broken.failure()).as("%s in %s schedules", mutant, broken.schedules()).isPresent();
    assertThat(broken.failure().orElseThrow()).hasMessageContaining(message);
  }

  @Test
  void aReadNeverReturnsZerosOfATailAsIfTheFileReachedOverThem() {
    kills(
        Mutant.R1_SIZE_SAMPLED_BEFORE_COPY,
        "I5 ",
        2,
        RaceScenario.of(
            SMALL,
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              write(f, 0, page('A'));
              cast.client("truncater", () -> OpenInode.await(f.truncate(100)));
              cast.client(
                  "reader",
                  () -> {
                    String seen = runs(read(f, 0, PAGE));
                    Check.that(seen.matches("4096\\*A|100\\*A"), "R1: read %s", seen);
                  });
            }));
  }

  /** Page 0 is written back by one thread while another one's fsync finds it busy. */
  private static RaceScenario fsyncBesideWriteback() {
    return RaceScenario.of(
        SMALL,
        (volume, cast) -> {
          OpenInode f = volume.file("/f");
          f.sync(true);
          write(f, 0, page('A'));
          cast.client("background", () -> f.advise(0, PAGE, OpenInode.Advice.DONT_NEED));
          cast.client(
              "fsync",
              () -> {
                f.sync(true);
                Inode.RegularFile durable = volume.durable(f);
                Check.that(
                    durable.durableSize() == PAGE && durable.extents().lookup(0).isWritten(),
                    "R2: fsync returned and a crash leaves %s",
                    durable);
              });
        });
  }

  @Test
  void fsyncWaitsForPagesAlreadyUnderWriteback() {
    kills(Mutant.R2_FSYNC_SKIPS_WRITEBACK, "R2: ", 2, fsyncBesideWriteback());
  }

  @Test
  void fsyncFindsTheMappingOfAPageWhoseWritebackHasEnded() {
    kills(Mutant.R7_CLEAR_BEFORE_PUBLISH, "R2: ", 2, fsyncBesideWriteback());
  }

  @Test
  void aPageWhoseWritebackHasEndedIsReadBackAsItWasWritten() {
    kills(
        Mutant.R7_CLEAR_BEFORE_PUBLISH,
        "R7: ",
        2,
        RaceScenario.of(
            SMALL,
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              write(f, 0, page('A'));
              cast.client("writeback", () -> f.advise(0, PAGE, OpenInode.Advice.DONT_NEED));
              cast.client(
                  "reader",
                  () -> {
                    volume.volume().cache().dropClean();
                    String seen = runs(read(f, 0, PAGE));
                    Check.that(seen.equals("4096*A"), "R7: read %s", seen);
                  });
            }));
  }

  /**
   * An overwrite in place at the time of the last event leaves nothing to commit, only to flush.
   */
  @Test
  void fsyncFlushesTheImageThoughThereIsNothingToCommit() {
    AtomicReference<CountingDevice> device = new AtomicReference<>();
    AtomicLong writesAtFlush = new AtomicLong();
    kills(
        Mutant.R2_FSYNC_SKIPS_FLUSH,
        "R2: ",
        0,
        RaceScenario.onDevice(
            SMALL,
            (runtime, size) -> {
              CountingDevice counting = new CountingDevice(new MemoryDevice(size));
              device.set(counting);
              return counting;
            },
            (volume, cast) -> {
              CountingDevice counting = device.get();
              OpenInode f = volume.file("/f");
              write(f, 0, page('A'));
              f.sync(true);
              write(f, 0, page('B'));
              long flushes = counting.flushes();
              long writes = counting.writes();
              cast.client("fdatasync", () -> f.sync(false));
              cast.check(
                  () -> {
                    writesAtFlush.set(counting.writes());
                    Check.that(writesAtFlush.get() == writes + 1, "nothing was written");
                    Check.that(counting.flushes() > flushes, "R2: written and not flushed");
                  });
            }));
  }

  /**
   * The flusher finds the page of an old write gone and the punch that took it not published. It
   * may not wait for the punch; the interval is over once the punch is durable too.
   */
  @ParameterizedTest
  @EnumSource(names = {"MAPPING_LOCK", "RANGE_LOCK"})
  void anIntervalEndsBehindTheCommandsThatTookItsDirtyPages(Guard guard) {
    AtomicReference<RungTimers> timers = new AtomicReference<>();
    AtomicReference<MemoryDevice> device = new AtomicReference<>();
    kills(
        Mutant.R24_INTERVAL_SKIPS_DESTROYER,
        "R24: ",
        2,
        RaceScenario.onClock(
            SMALL.withGuard(guard),
            runtime -> {
              timers.set(new RungTimers(runtime));
              return timers.get();
            },
            (runtime, size) -> {
              device.set(new MemoryDevice(size));
              return device.get();
            },
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              write(f, 0, page('A'));
              f.sync(true);
              write(f, 0, page('B'));
              cast.client("puncher", () -> OpenInode.await(f.punchHole(0, PAGE)));
              cast.client(
                  "interval",
                  () -> {
                    timers.get().ring();
                    volume.volume().awaitBackground();
                    Extent left = volume.durable(f).extents().lookup(0);
                    byte[] seen = new byte[PAGE];
                    if (!left.isHole()) {
                      device
                          .get()
                          .run(
                              Io.read(
                                  left.physical() * PAGE,
                                  MemorySegment.ofArray(seen),
                                  new long[] {0},
                                  1));
                    }
                    Check.that(
                        !runs(seen).equals("4096*A"),
                        "R24: the interval is over and a crash brings back what was before it");
                  });
            }));
  }

  /** The device does not end its flush before a writer has found frames for what he writes. */
  @Test
  void aWriterFindsFramesWhileTheEndOfAnIntervalWaitsForTheDevice() {
    AtomicReference<RungTimers> timers = new AtomicReference<>();
    AtomicReference<HeldFlush> device = new AtomicReference<>();
    kills(
        Mutant.FRAMES_WAIT_FOR_COMMIT,
        "deadlock",
        0,
        // The writer looks again and again for the moment: one schedule says it all.
        1,
        RaceScenario.onClock(
            SMALL,
            runtime -> {
              timers.set(new RungTimers(runtime));
              return timers.get();
            },
            (runtime, size) -> {
              device.set(new HeldFlush(new MemoryDevice(size)));
              return device.get();
            },
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              OpenInode g = volume.file("/g");
              write(f, 0, page('F'));
              device.get().hold();
              cast.client("interval", () -> timers.get().ring());
              cast.client(
                  "writer",
                  () -> {
                    while (!device.get().holds()) {
                      Yield.at(YieldPoint.SPIN);
                    }
                    // More pages than frames.
                    write(g, 0, bytes('G', 300 * PAGE));
                    device.get().release();
                  });
            }));
  }

  @Test
  void aStoreIsNotLostBetweenTheFlushAndTheEvictionOfACollapse() {
    kills(
        Mutant.R5_STORE_SKIPS_MKWRITE,
        "R5: ",
        2,
        RaceScenario.of(
            SMALL,
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              write(f, 0, page('A'));
              write(f, PAGE, page('B'));
              write(f, 2 * PAGE, page('C'));
              f.sync(true);
              boolean[] stored = new boolean[1];
              cast.client("collapser", () -> OpenInode.await(f.collapseRange(0, PAGE)));
              cast.client(
                  "storer",
                  () -> {
                    try {
                      f.store(ByteBuffer.wrap(page('X')), 2L * PAGE);
                      stored[0] = true;
                    } catch (FsException gone) {
                      Check.that(gone.errno() == Errno.ENXIO, "%s", gone);
                    }
                  });
              cast.check(
                  () -> {
                    String seen = runs(read(f, 0, 2 * PAGE));
                    String wanted = stored[0] ? "4096*B 4096*X" : "4096*B 4096*C";
                    Check.that(seen.equals(wanted), "R5: stored %s, read %s", stored[0], seen);
                  });
            }));
  }

  @Test
  void aPunchWaitsForAFillThatHasGivenUpTheMappingLockAlready() {
    kills(
        Mutant.R6_DISCARD_SKIPS_BUSY,
        "I1 ",
        2,
        RaceScenario.of(
            SMALL,
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              write(f, 0, page('S'));
              volume.volume().dropCaches();
              cast.client("puncher", () -> OpenInode.await(f.punchHole(0, PAGE)));
              cast.client("reader", () -> read(f, 0, PAGE));
              cast.check(
                  () -> {
                    String seen = runs(read(f, 0, PAGE));
                    Check.that(seen.equals("4096*0"), "I15: a hole reads as %s", seen);
                  });
            }));
  }

  /** The page was absent when the reader looked; it is written, written back and evicted since. */
  @Test
  void aFillLooksUpWhileItHoldsTheSlotLock() {
    kills(
        Mutant.R7_LOOKUP_BEFORE_INSERT,
        "R7: ",
        2,
        RaceScenario.of(
            SMALL,
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              // A neighbour keeps the leaf in the table.
              write(f, PAGE, page('N'));
              f.sync(true);
              cast.client(
                  "writer",
                  () -> {
                    write(f, 0, page('A'));
                    f.advise(0, PAGE, OpenInode.Advice.DONT_NEED);
                  });
              cast.client("reader", () -> read(f, 0, PAGE));
              cast.check(
                  () -> {
                    String seen = runs(read(f, 0, PAGE));
                    Check.that(seen.equals("4096*A"), "R7: a written page reads as %s", seen);
                  });
            }));
  }

  @Test
  void aCommandsBodyDoesNotWaitInItsActorsTurn() {
    kills(
        Mutant.R12_BODY_IN_TURN,
        "would wait",
        0,
        RaceScenario.onDevice(
            SMALL,
            MemoryDevice::scheduledBy,
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              write(f, 0, page('S'));
              volume.volume().dropCaches();
              // The edge has to be read from the device.
              cast.client("puncher", () -> OpenInode.await(f.punchHole(100, 200)));
              cast.check(
                  () -> Check.that(runs(read(f, 0, 400)).equals("100*S 200*0 100*S"), "edges"));
            }));
  }

  @Test
  void aWriteSamplesTheSizeUnderTheLockThatHoldsItStill() {
    kills(
        Mutant.R18_SIZE_BEFORE_LOCK,
        "R18: ",
        2,
        RaceScenario.of(
            SMALL,
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              write(f, 0, bytes('A', 2 * PAGE));
              f.sync(true);
              cast.client("truncater", () -> OpenInode.await(f.truncate(0)));
              cast.client("writer", () -> write(f, PAGE, page('W')));
              cast.check(
                  () -> {
                    long size = f.size();
                    OpenInode.await(f.truncate(2L * PAGE));
                    String seen = runs(read(f, PAGE, PAGE));
                    String wanted = size == 0 ? "4096*0" : "4096*W";
                    Check.that(seen.equals(wanted), "R18: size %s, then %s", size, seen);
                  });
            }));
  }

  /** The device does not get on, every frame waits for it, and a punch still needs two. */
  @Test
  void aDestroyerFindsFramesThoughAllOthersWaitForADeviceThatIsStuck() {
    AtomicReference<HeldRuns> device = new AtomicReference<>();
    kills(
        Mutant.R21_NO_FRAME_RESERVE,
        "deadlock",
        0,
        // The puncher looks again and again for the moment: one schedule says it all.
        1,
        RaceScenario.onDevice(
            SMALL,
            (runtime, size) -> {
              HeldRuns held = new HeldRuns(new MemoryDevice(size));
              device.set(held);
              return held;
            },
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              OpenInode g = volume.file("/g");
              OpenInode h = volume.file("/h");
              write(f, 0, page('S'));
              write(h, 0, bytes('H', 128 * PAGE));
              volume.volume().dropCaches();
              CompletableFuture<Void> punched = new CompletableFuture<>();
              device.get().hold();
              cast.client(
                  "writer",
                  () -> {
                    // Half of the frames are being read into; writers are held back at the other
                    // half. More pages than frames: this ends only after writeback has.
                    h.advise(0, 64 * PAGE, OpenInode.Advice.WILL_NEED);
                    h.advise(64 * PAGE, 64 * PAGE, OpenInode.Advice.WILL_NEED);
                    write(g, 0, bytes('G', 300 * PAGE));
                    punched.join();
                  });
              cast.client(
                  "puncher",
                  () -> {
                    while (volume.volume().cache().freeFrames() > HeldRuns.RESERVED_FRAMES) {
                      Yield.at(YieldPoint.SPIN);
                    }
                    OpenInode.await(f.punchHole(100, 200));
                    punched.complete(null);
                    device.get().release();
                  });
              cast.check(
                  () -> Check.that(runs(read(f, 0, 400)).equals("100*S 200*0 100*S"), "edges"));
            }));
  }

  /** A leaf that leaves its table while a writer is on its way to it takes his bytes along. */
  @Test
  void aLeafLeavesItsTableOnlyDead() {
    kills(
        Mutant.R17_LEAF_NOT_KILLED,
        "R17: ",
        2,
        RaceScenario.of(
            SMALL,
            (volume, cast) -> {
              OpenInode f = volume.file("/f");
              // The neighbour is all that keeps the leaf in the table.
              write(f, PAGE, page('N'));
              f.sync(true);
              cast.client("evictor", () -> volume.volume().cache().dropClean());
              cast.client("writer", () -> write(f, 0, page('B')));
              cast.check(
                  () -> {
                    String seen = runs(read(f, 0, PAGE));
                    Check.that(seen.equals("4096*B"), "R17: written B, read %s", seen);
                  });
            }));
  }
}
