package io.faultline.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import io.faultline.engine.device.JournalStore;
import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.FileKind;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Journal;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.EngineFailure;
import io.faultline.engine.runtime.akka.EngineActorSystems;
import io.faultline.engine.runtime.sim.SimRuntime;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.Strategy;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goal: a whole volume journal (committer, behaviour, plugin, segments, recovery) runs under the
 * seeded scheduler, and the same seed writes the same bytes. Method: many seeds, three clients that
 * append and wait, a power cut in memory after the last acknowledgement, recovery; each seed twice.
 */
@Tag("simulation")
class SimulatedVolumeTest {
  private static final UUID VOLUME = new UUID(3, 4);
  private static final int CLIENTS = 3;
  private static final int ROUNDS = 4;

  private static ActorSystem<Void> system;

  @BeforeAll
  static void startTheSystem() {
    system = EngineActorSystems.create("simulated", Behaviors.empty(), JournalConfig.overrides());
  }

  @AfterAll
  static void stopTheSystem() {
    EngineActorSystems.terminate(system);
  }

  private static byte[] run(long seed) throws IOException {
    SimScheduler scheduler = new SimScheduler(seed, new Strategy.Random());
    SimRuntime runtime = new SimRuntime(scheduler);
    MemoryJournalStore store = new MemoryJournalStore();
    SegmentLog.create(store, new VolumeIdentity(VOLUME, 1));
    CompletableFuture<Journal> opened = new CompletableFuture<>();
    InodeTable expected = new InodeTable();
    InodeTable[] recovered = new InodeTable[1];
    int[] clients = {CLIENTS};
    CompletableFuture<Void> all = new CompletableFuture<>();
    scheduler.client(
        "opener",
        () -> {
          VolumeLog.Recovered first = open(runtime, 1, store);
          Journal journal = journal(runtime, first);
          opened.complete(journal);
          all.join();
          closeJournal(journal);
          first.log().close();
          VolumeLog.Recovered second = open(runtime, 2, store.crash());
          recovered[0] = second.table();
          second.log().close();
        });
    for (int c = 0; c < CLIENTS; c++) {
      long ino = 100L + c;
      scheduler.client(
          "client-" + c,
          () -> {
            Journal journal = opened.join();
            for (int r = 0; r < ROUNDS; r++) {
              Event event =
                  r == 0
                      ? new Event.Created(ino, FileKind.REGULAR, 0, 0, 0, 0, "", 1)
                      : new Event.LinksChanged(ino, r, r);
              expected.apply(event);
              appendAndWait(journal, event);
            }
            if (--clients[0] == 0) {
              all.complete(null);
            }
          });
    }
    scheduler.run();
    assertThat(recovered[0].all()).as("seed %s", seed).isEqualTo(expected.all()).hasSize(CLIENTS);
    return bytes(store);
  }

  private static VolumeLog.Recovered open(
      SimRuntime runtime, long epoch, MemoryJournalStore store) {
    try {
      return VolumeLog.open(
          system, runtime, new VolumeIdentity(VOLUME, epoch), store, JournalConfig.PLUGIN_ID);
    } catch (IOException e) {
      throw new EngineFailure("open failed", e);
    }
  }

  private static Journal journal(SimRuntime runtime, VolumeLog.Recovered volume) {
    return new Journal(
        runtime,
        volume.log(),
        1,
        volume.lastLsn(),
        () -> {},
        new Journal.Listener() {
          @Override
          public void durable(Tx tx) {}

          @Override
          public void failed(Throwable cause) {
            throw new EngineFailure("the journal failed", cause);
          }
        },
        Journal.Options.defaults());
  }

  private static void appendAndWait(Journal journal, Event event) {
    try {
      journal.awaitDurable(journal.append(List.of(event)));
    } catch (IOException e) {
      throw new EngineFailure("append failed", e);
    }
  }

  private static void closeJournal(Journal journal) {
    try {
      journal.close();
    } catch (IOException e) {
      throw new EngineFailure("close failed", e);
    }
  }

  private static byte[] bytes(MemoryJournalStore store) throws IOException {
    try (JournalStore.JournalFile file = store.open(store.list().getFirst(), false)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.length());
      file.read(bytes, 0);
      return bytes.array();
    }
  }

  @Test
  void sameSeedWritesTheSameBytesAndEverySeedRecovers() throws IOException {
    Set<Integer> journals = new HashSet<>();
    for (long seed = 0; seed < 60; seed++) {
      byte[] first = run(seed);
      assertThat(run(seed)).as("seed %s", seed).isEqualTo(first);
      journals.add(Arrays.hashCode(first));
    }
    // Not one interleaving sixty times.
    assertThat(journals.size()).isGreaterThan(20);
  }
}
