package io.faultline.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.ConfigFactory;
import io.faultline.engine.device.MemoryJournalStore;
import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.Journal;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.akka.EngineActorSystems;
import io.faultline.persistence.checkpoint.RecoveryPoint;
import io.faultline.persistence.replay.JournalReader;
import io.faultline.persistence.replay.VolumeReplay;
import io.faultline.persistence.segment.JournalAnchor;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: a volume recovers to the same state through any journal plugin, and whatever ends its
 * journal, nobody is told "durable" wrongly or left waiting. Method: the same history through our
 * plugin, Akka's in-memory one and JDBC on H2; then injected failures on ours.
 */
@Timeout(60)
class VolumeLogTest {
  private static final String H2 = "jdbc:h2:mem:faultline-journal;DB_CLOSE_DELAY=-1";
  private static final EngineRuntime RUNTIME = EngineRuntime.production();

  private static ActorSystem<Void> system = start();

  private static ActorSystem<Void> start() {
    return EngineActorSystems.create(
        "volume-log-test",
        Behaviors.empty(),
        ConfigFactory.parseString(
                """
                jdbc-journal.slick {
                  profile = "slick.jdbc.H2Profile$"
                  db {
                    url = "%s"
                    driver = "org.h2.Driver"
                    connectionPool = disabled
                    keepAliveConnection = true
                  }
                }
                """
                    .formatted(H2))
            .withFallback(JournalConfig.overrides()));
  }

  @BeforeAll
  static void createSchema() throws Exception {
    try (Connection connection = DriverManager.getConnection(H2);
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          CREATE TABLE "event_journal" (
            "ordering" BIGINT NOT NULL AUTO_INCREMENT,
            "deleted" BOOLEAN DEFAULT FALSE NOT NULL,
            "persistence_id" VARCHAR(255) NOT NULL,
            "sequence_number" BIGINT NOT NULL,
            "writer" VARCHAR NOT NULL,
            "write_timestamp" BIGINT NOT NULL,
            "adapter_manifest" VARCHAR NOT NULL,
            "event_payload" BLOB NOT NULL,
            "event_ser_id" INTEGER NOT NULL,
            "event_ser_manifest" VARCHAR NOT NULL,
            "meta_payload" BLOB,
            "meta_ser_id" INTEGER,
            "meta_ser_manifest" VARCHAR,
            PRIMARY KEY ("persistence_id", "sequence_number"))
          """);
      statement.execute(
          """
          CREATE TABLE "event_tag" (
            "event_id" BIGINT,
            "persistence_id" VARCHAR(255),
            "sequence_number" BIGINT,
            "tag" VARCHAR NOT NULL)
          """);
    }
  }

  @AfterAll
  static void stop() {
    EngineActorSystems.terminate(system);
  }

  private static VolumeLog.Recovered open(UUID id, long epoch, MemoryJournalStore store)
      throws IOException {
    return open(id, epoch, store, JournalConfig.PLUGIN_ID);
  }

  private static VolumeLog.Recovered open(
      UUID id, long epoch, MemoryJournalStore store, String plugin) throws IOException {
    return VolumeLog.open(system, RUNTIME, new VolumeIdentity(id, epoch), store, plugin);
  }

  private static MemoryJournalStore emptyJournal(UUID id) throws IOException {
    MemoryJournalStore store = new MemoryJournalStore();
    SegmentLog.create(store, new VolumeIdentity(id, 1));
    return store;
  }

  /** Writes the history through {@code plugin} and reads it back through a second opening. */
  private static InodeTable throughPlugin(String plugin, UUID id, MemoryJournalStore store)
      throws Exception {
    VolumeLog.Recovered empty = open(id, 1, store, plugin);
    assertThat(empty.lastLsn()).isZero();
    assertThat(empty.table().size()).isZero();
    try (VolumeLog log = empty.log()) {
      for (Tx tx : History.transactions(1)) {
        log.persist(tx).toCompletableFuture().get();
      }
    }
    VolumeLog.Recovered recovered = open(id, 2, store, plugin);
    recovered.log().close();
    assertThat(recovered.lastLsn()).isEqualTo(History.batches().size());
    return recovered.table();
  }

  @Test
  void sameHistoryRecoversToTheSameStateThroughThreePlugins() throws Exception {
    UUID id = UUID.randomUUID();
    MemoryJournalStore store = emptyJournal(id);
    InodeTable ours = throughPlugin(JournalConfig.PLUGIN_ID, id, store);
    InodeTable inMemory = throughPlugin("akka.persistence.journal.inmem", UUID.randomUUID(), store);
    InodeTable jdbc = throughPlugin("jdbc-journal", UUID.randomUUID(), store);
    assertThat(ours.all()).isEqualTo(History.table().all()).hasSize(4);
    assertThat(inMemory.all()).isEqualTo(ours.all());
    assertThat(jdbc.all()).isEqualTo(ours.all());
    try (JournalReader reader =
        JournalReader.over(store, new VolumeIdentity(id, 2), 1, Long.MAX_VALUE)) {
      assertThat(VolumeReplay.toTable(reader, Long.MAX_VALUE).all()).isEqualTo(ours.all());
    }
  }

  /** What the table is behind transaction {@code lsn} of the history. */
  private static RecoveryPoint pointAt(int lsn) {
    InodeTable table = new InodeTable();
    History.batches().subList(0, lsn).forEach(batch -> batch.forEach(table::apply));
    return new RecoveryPoint(table, new JournalAnchor(lsn, 0, 1));
  }

  private static VolumeLog.Recovered openBehind(
      UUID id, MemoryJournalStore store, RecoveryPoint start, String plugin) throws IOException {
    return VolumeLog.open(system, RUNTIME, new VolumeIdentity(id, 2), store, start, plugin);
  }

  /**
   * The checkpoint is what makes the state: the journal's first transactions are gone, or would not
   * be applied twice.
   */
  @Test
  void recoveryBeginsBehindACheckpointWhicheverPluginReplays() throws Exception {
    int at = 5;
    for (String plugin : List.of("akka.persistence.journal.inmem", "jdbc-journal")) {
      UUID id = UUID.randomUUID();
      MemoryJournalStore none = new MemoryJournalStore();
      throughPlugin(plugin, id, none);
      if (plugin.equals("jdbc-journal")) {
        deleteEvents(id, at);
        assertThatThrownBy(() -> open(id, 2, none, plugin)).hasMessageContaining("behind 0");
      }
      VolumeLog.Recovered recovered = openBehind(id, none, pointAt(at), plugin);
      recovered.log().close();
      assertThat(recovered.table().all()).as(plugin).isEqualTo(History.table().all());
      assertThat(recovered.lastLsn()).isEqualTo(History.batches().size());
      assertThat(recovered.tailEvents())
          .isEqualTo(History.batches().stream().skip(at).mapToLong(batch -> batch.size()).sum());
    }
  }

  private static void deleteEvents(UUID id, int toLsn) throws Exception {
    try (Connection connection = DriverManager.getConnection(H2);
        Statement statement = connection.createStatement()) {
      int deleted =
          statement.executeUpdate(
              "DELETE FROM \"event_journal\" WHERE \"persistence_id\" = 'faultline-%s'"
                      .formatted(id)
                  + " AND \"sequence_number\" <= "
                  + toLsn);
      assertThat(deleted).isEqualTo(toLsn);
    }
  }

  @Test
  void journalGoesOnBehindACheckpointAtItsEnd() throws Exception {
    UUID id = UUID.randomUUID();
    MemoryJournalStore store = emptyJournal(id);
    JournalAnchor end;
    try (VolumeLog log = open(id, 1, store).log()) {
      for (Tx tx : History.transactions(1).subList(0, 4)) {
        log.persist(tx).toCompletableFuture().get();
      }
    }
    try (JournalReader reader =
        JournalReader.over(store, new VolumeIdentity(id, 1), 1, Long.MAX_VALUE)) {
      while (reader.next() != null) {
        // To the last one.
      }
      end = reader.anchor();
    }
    RecoveryPoint start = new RecoveryPoint(pointAt(4).table(), end);
    VolumeLog.Recovered recovered = openBehind(id, store, start, JournalConfig.PLUGIN_ID);
    assertThat(recovered.tailEvents()).isZero();
    assertThat(recovered.lastLsn()).isEqualTo(4);
    try (VolumeLog log = recovered.log()) {
      log.persist(new Tx(5, 2, History.batches().get(4))).toCompletableFuture().get();
    }
    VolumeLog.Recovered whole = open(id, 3, store);
    whole.log().close();
    assertThat(whole.table().all()).isEqualTo(pointAt(5).table().all());
  }

  @Test
  void volumesOfOneSystemDoNotMix() throws Exception {
    UUID one = UUID.randomUUID();
    UUID two = UUID.randomUUID();
    MemoryJournalStore storeOne = emptyJournal(one);
    MemoryJournalStore storeTwo = emptyJournal(two);
    try (VolumeLog first = open(one, 1, storeOne).log();
        VolumeLog second = open(two, 1, storeTwo).log()) {
      Tx root = History.transactions(1).getFirst();
      first.persist(root).toCompletableFuture().get();
      second.persist(root).toCompletableFuture().get();
      first.persist(History.transactions(1).get(1)).toCompletableFuture().get();
    }
    try (VolumeLog first = open(one, 2, storeOne).log()) {
      assertThatThrownBy(() -> open(one, 3, storeOne)).isInstanceOf(IllegalStateException.class);
      assertThat(first.persist(new Tx(3, 2, History.batches().get(2))).toCompletableFuture())
          .succeedsWithin(java.time.Duration.ofSeconds(10));
    }
    VolumeLog.Recovered second = open(two, 2, storeTwo);
    second.log().close();
    assertThat(second.lastLsn()).isEqualTo(1);
  }

  @Test
  void longJournalRecoversThroughTheReplayWindow() throws Exception {
    UUID id = UUID.randomUUID();
    MemoryJournalStore store = emptyJournal(id);
    int count = 2000;
    SegmentLog segments = SegmentLog.open(RUNTIME, store, new VolumeIdentity(id, 1));
    TxSerializer serializer = new TxSerializer();
    List<List<Event>> start = History.batches().subList(0, 3);
    for (int lsn = 1; lsn <= count; lsn++) {
      List<Event> events =
          lsn <= start.size() ? start.get(lsn - 1) : List.of(new Event.LinksChanged(12, lsn, lsn));
      Tx tx = new Tx(lsn, 1, events);
      segments
          .append(lsn, serializer.identifier(), serializer.manifest(tx), serializer.toBinary(tx))
          .get();
    }
    segments.close();
    VolumeLog.Recovered recovered = open(id, 2, store);
    recovered.log().close();
    assertThat(recovered.lastLsn()).isEqualTo(count);
    assertThat(java.util.Objects.requireNonNull(recovered.table().get(12)).attributes().nlink())
        .isEqualTo(count);
  }

  @Test
  void acknowledgedTransactionsSurviveAPowerCut() throws Exception {
    UUID id = UUID.randomUUID();
    MemoryJournalStore store = emptyJournal(id);
    VolumeLog.Recovered opened = open(id, 1, store);
    for (Tx tx : History.transactions(1)) {
      opened.log().persist(tx).toCompletableFuture().get();
      MemoryJournalStore after = store.crash();
      try (JournalReader reader =
          JournalReader.over(after, new VolumeIdentity(id, 1), tx.lsn(), Long.MAX_VALUE)) {
        assertThat(reader.next()).isEqualTo(tx);
        assertThat(reader.next()).isNull();
      }
    }
    opened.log().close();
    VolumeLog.Recovered recovered = open(id, 2, store.crash());
    recovered.log().close();
    assertThat(recovered.table().all()).isEqualTo(History.table().all());
  }

  // --- failures

  @Test
  void failedSyncMakesTheVolumeReadOnlyAndIsNotRetried() throws Exception {
    UUID id = UUID.randomUUID();
    MemoryJournalStore store = emptyJournal(id);
    VolumeLog.Recovered opened = open(id, 1, store);
    AtomicReference<@Nullable Throwable> heard = new AtomicReference<>();
    Journal journal =
        new Journal(
            RUNTIME,
            opened.log(),
            1,
            opened.lastLsn(),
            () -> {},
            new Journal.Listener() {
              @Override
              public void durable(Tx tx) {}

              @Override
              public void failed(Throwable cause) {
                heard.set(cause);
              }
            },
            Journal.Options.defaults());
    journal.awaitDurable(journal.append(History.batches().getFirst()));
    store.failSync(1, false);
    long lsn = journal.append(History.batches().get(1));
    assertThatThrownBy(() -> journal.awaitDurable(lsn))
        .isInstanceOfSatisfying(FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO))
        .hasMessageContaining("sync of");
    long syncs = store.syncs();
    // The store would work again; nobody may find out.
    assertThatThrownBy(() -> journal.append(History.batches().get(2)))
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EROFS));
    assertThat(opened.log().persist(new Tx(2, 1, History.batches().get(1))).toCompletableFuture())
        .isCompletedExceptionally();
    assertThat(store.syncs()).isEqualTo(syncs);
    assertThat(heard.get()).isNotNull();
    assertThatThrownBy(journal::close).isInstanceOf(FsException.class);
    opened.log().close();
    VolumeLog.Recovered recovered = open(id, 2, store.crash());
    recovered.log().close();
    assertThat(recovered.lastLsn()).isEqualTo(1);
  }

  @Test
  void sequenceErrorsAreRefusedBeforeTheyReachTheJournal() throws Exception {
    UUID id = UUID.randomUUID();
    MemoryJournalStore store = emptyJournal(id);
    VolumeLog log = open(id, 1, store).log();
    assertThatThrownBy(
            () -> log.persist(new Tx(2, 1, History.batches().get(1))).toCompletableFuture().get())
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("transaction 2 cannot follow 0");
    log.close();
    VolumeLog.Recovered recovered = open(id, 2, store);
    recovered.log().close();
    assertThat(recovered.lastLsn()).isZero();
  }

  @Test
  void closedLogAnswersWithAFailure() throws Exception {
    UUID id = UUID.randomUUID();
    VolumeLog log = open(id, 1, emptyJournal(id)).log();
    log.close();
    log.close();
    assertThat(log.persist(History.transactions(1).getFirst()).toCompletableFuture())
        .isCompletedExceptionally();
  }

  @Test
  void journalThatDoesNotFitItselfIsRefusedWithTheCausesOwnMessage() throws Exception {
    UUID id = UUID.randomUUID();
    MemoryJournalStore store = emptyJournal(id);
    try (VolumeLog log = open(id, 1, store).log()) {
      log.persist(new Tx(1, 1, List.of(new Event.LinksChanged(99, 1, 1))))
          .toCompletableFuture()
          .get();
    }
    assertThatThrownBy(() -> open(id, 2, store))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("transaction 1: ino=99: the inode does not exist");
    // The refusal has let go of everything: the same volume can be tried again.
    assertThatThrownBy(() -> open(id, 3, store)).hasMessageContaining("the inode does not exist");
  }

  @Test
  void missingJournalIsAnError() {
    assertThatThrownBy(() -> open(UUID.randomUUID(), 1, new MemoryJournalStore()))
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
  }

  @Test
  void endOfTheActorSystemFailsWhoWaitsInsteadOfLeavingThem() throws Exception {
    ActorSystem<Void> other =
        EngineActorSystems.create("other", Behaviors.empty(), JournalConfig.overrides());
    UUID id = UUID.randomUUID();
    MemoryJournalStore store = emptyJournal(id);
    VolumeLog log =
        VolumeLog.open(other, RUNTIME, new VolumeIdentity(id, 1), store, JournalConfig.PLUGIN_ID)
            .log();
    EngineActorSystems.terminate(other);
    assertThat(log.persist(History.transactions(1).getFirst()).toCompletableFuture())
        .failsWithin(java.time.Duration.ofSeconds(10));
    log.close();
  }

  /** The bytes of a journal are a function of its transactions: rule R15. */
  @Test
  void twoRunsOfTheSameHistoryWriteTheSameBytes() throws Exception {
    UUID id = UUID.randomUUID();
    List<byte[]> runs = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      MemoryJournalStore store = emptyJournal(id);
      throughPlugin(JournalConfig.PLUGIN_ID, id, store);
      try (var file = store.open(store.list().getFirst(), false)) {
        java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate((int) file.length());
        file.read(bytes, 0);
        runs.add(bytes.array());
      }
    }
    assertThat(runs.get(0)).isEqualTo(runs.get(1));
  }
}
