package io.faultline.engine.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.runtime.EngineRuntime;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: the committer keeps rule R13's order, shares commits, and never lets anybody believe in
 * something that is not durable. Method: a log and a clock in the test's hands; every rule is also
 * run with its mutant, which the same observation must find.
 */
@Timeout(30)
class JournalTest {
  private static final long LONG_NANOS = TimeUnit.HOURS.toNanos(1);

  /** Everything that happened, in order. */
  private final List<String> trace = Collections.synchronizedList(new ArrayList<>());

  private final HandLog log = new HandLog();
  private final HandClock clock = new HandClock();
  private final AtomicReference<@Nullable IOException> flushFailure = new AtomicReference<>();
  private final AtomicReference<@Nullable Thread> flusher = new AtomicReference<>();
  private final List<Journal> opened = new ArrayList<>();

  /** Persists when told to, or at once. */
  private final class HandLog implements TransactionLog {
    final LinkedBlockingQueue<CompletableFuture<Void>> held = new LinkedBlockingQueue<>();
    final List<Tx> persisted = Collections.synchronizedList(new ArrayList<>());
    final AtomicInteger outstanding = new AtomicInteger();
    final AtomicInteger overlaps = new AtomicInteger();
    volatile boolean holds;
    volatile Consumer<Tx> completer = tx -> {};

    @Override
    public CompletionStage<Void> persist(Tx tx) {
      trace.add("persist " + tx.lsn());
      persisted.add(tx);
      if (outstanding.incrementAndGet() > 1) {
        overlaps.incrementAndGet();
      }
      CompletableFuture<Void> answer = new CompletableFuture<>();
      CompletableFuture<Void> counted =
          answer.whenComplete((ignored, failure) -> outstanding.decrementAndGet());
      if (holds) {
        held.add(answer);
      } else {
        Thread.ofPlatform()
            .start(
                () -> {
                  completer.accept(tx);
                  answer.complete(null);
                });
      }
      return counted;
    }
  }

  /** Timers fire by hand. */
  private static final class HandClock implements EngineRuntime {
    final List<Long> delays = Collections.synchronizedList(new ArrayList<>());
    final LinkedBlockingQueue<Runnable> armed = new LinkedBlockingQueue<>();

    @Override
    public long nanoTime() {
      return 0;
    }

    @Override
    public long wallNanos() {
      return 0;
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
      delays.add(delayNanos);
      armed.add(callback);
      return () -> armed.remove(callback);
    }

    @Override
    public boolean simulated() {
      return false;
    }
  }

  private Journal open(int txBytesMax, JournalMutant... mutants) {
    Journal.ImageFlush flush =
        () -> {
          trace.add("flush");
          flusher.set(Thread.currentThread());
          IOException failure = flushFailure.get();
          if (failure != null) {
            throw failure;
          }
        };
    Journal.Listener listener =
        new Journal.Listener() {
          @Override
          public void durable(Tx tx) {
            trace.add("durable " + tx.lsn());
          }

          @Override
          public void failed(Throwable cause) {
            trace.add("failed " + cause.getMessage());
          }
        };
    Journal.Options options = new Journal.Options(LONG_NANOS, txBytesMax);
    Journal journal = new Journal(clock, log, 7, 0, flush, listener, options, Set.of(mutants));
    opened.add(journal);
    return journal;
  }

  private Journal open(JournalMutant... mutants) {
    return open(1 << 20, mutants);
  }

  @AfterEach
  void closeAll() throws InterruptedException {
    log.holds = false;
    for (Journal journal : opened) {
      Thread closer = Thread.ofVirtual().start(() -> closeQuietly(journal));
      while (closer.isAlive()) {
        log.held.forEach(answer -> answer.complete(null));
        closer.join(1);
      }
    }
  }

  private static void closeQuietly(Journal journal) {
    try {
      journal.close();
    } catch (FsException e) {
      // The tests of failures end here; each has looked at the failure already.
      assertThat(e.errno()).isEqualTo(Errno.EIO);
    }
  }

  private static List<Event> batch(long ino) {
    return List.of(new Event.LinksChanged(ino, 1, 5));
  }

  private static Errno errnoOf(Throwable t) {
    return t instanceof FsException fs
        ? fs.errno()
        : errnoOf(java.util.Objects.requireNonNull(t.getCause()));
  }

  private static void awaitParked(Thread thread) {
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(thread.isAlive()).isTrue();
      Thread.onSpinWait();
    }
  }

  // --- order

  private List<String> orderOfOneCommit(JournalMutant... mutants) throws Exception {
    Journal journal = open(mutants);
    long lsn = journal.append(batch(3));
    journal.awaitDurable(lsn);
    trace.add("waiter " + lsn);
    journal.close();
    return List.copyOf(trace);
  }

  @Test
  void commitFlushesThenPersistsThenTellsTheListenerThenTheWaiters() throws Exception {
    assertThat(orderOfOneCommit()).containsExactly("flush", "persist 1", "durable 1", "waiter 1");
    assertThat(log.persisted).containsExactly(new Tx(1, 7, batch(3)));
  }

  @Test
  void persistBeforeFlushIsSeenInTheOrder() throws Exception {
    assertThat(orderOfOneCommit(JournalMutant.PERSIST_BEFORE_FLUSH))
        .startsWith("persist 1", "flush");
  }

  /** Whether a waiter returns although the log still holds the transaction. */
  private boolean waiterReturnsEarly(JournalMutant... mutants) throws Exception {
    log.holds = true;
    Journal journal = open(mutants);
    long lsn = journal.append(batch(3));
    CompletableFuture<Void> durable = journal.durable(lsn);
    CompletableFuture<Void> answer = log.held.take();
    if (mutants.length > 0) {
      durable.get();
    }
    boolean early = durable.isDone();
    answer.complete(null);
    durable.get();
    return early;
  }

  @Test
  void nobodyReturnsBeforeTheTransactionIsDurable() throws Exception {
    assertThat(waiterReturnsEarly()).isFalse();
  }

  @Test
  void completingWaitersEarlyIsSeen() throws Exception {
    assertThat(waiterReturnsEarly(JournalMutant.COMPLETE_BEFORE_DURABLE)).isTrue();
  }

  /** How often a commit began while another was being persisted, over many commits. */
  private int overlaps(JournalMutant... mutants) throws Exception {
    Journal journal = open(mutants);
    log.completer =
        tx -> {
          try {
            // The next transaction is wanted while this one is in flight: the worst moment.
            journal.durable(journal.append(batch(tx.lsn()))).isDone();
            for (int i = 0; i < 20_000 && log.outstanding.get() == 1; i++) {
              Thread.onSpinWait();
            }
          } catch (FsException e) {
            assertThat(e.errno()).isEqualTo(Errno.EROFS);
          }
        };
    long lsn = journal.append(batch(1));
    CompletableFuture<Void> first = journal.durable(lsn);
    first.get();
    while (journal.durableLsn() < 100) {
      journal.awaitDurable(journal.durableLsn() + 1);
    }
    log.completer = tx -> {};
    return log.overlaps.get();
  }

  @Test
  void commitsDoNotOverlap() throws Exception {
    assertThat(overlaps()).isZero();
  }

  @Test
  void overlappingCommitsAreSeen() throws Exception {
    assertThat(overlaps(JournalMutant.OVERLAPPING_COMMITS)).isPositive();
  }

  // --- commits on callers' threads

  private Thread committing(Journal journal, long lsn) {
    return Thread.ofPlatform()
        .start(
            () -> {
              try {
                journal.commitUpTo(lsn);
                trace.add("caller " + lsn);
              } catch (FsException e) {
                trace.add("caller " + lsn + " " + e.errno());
              }
            });
  }

  @Test
  void aPlatformThreadThatFindsNoCommitInFlightCommitsItself() throws Exception {
    Journal journal = open();
    journal.commitUpTo(journal.append(batch(3)));
    assertThat(flusher.get()).isSameAs(Thread.currentThread());
    assertThat(trace).containsExactly("flush", "persist 1", "durable 1");
    journal.commitUpTo(1);
    assertThat(trace).hasSize(3);

    journal.append(batch(4));
    Thread virtual = Thread.ofVirtual().start(() -> commitQuietly(journal, 2));
    virtual.join();
    assertThat(flusher.get()).isNotSameAs(virtual);
    assertThat(journal.durableLsn()).isEqualTo(2);
  }

  private static void commitQuietly(Journal journal, long lsn) {
    try {
      journal.commitUpTo(lsn);
    } catch (FsException e) {
      throw new AssertionError(e);
    }
  }

  /** What a second and a closing caller do beside a caller's commit that does not end yet. */
  private List<String> besideACallersCommit(JournalMutant... mutants) throws Exception {
    log.holds = true;
    Journal journal = open(mutants);
    journal.append(batch(1));
    Thread first = committing(journal, 1);
    CompletableFuture<Void> held = log.held.take();
    journal.append(batch(2));
    Thread second = committing(journal, 2);
    awaitParked(second);
    Thread closer = Thread.ofPlatform().start(() -> closeQuietly(journal));
    awaitParked(closer);
    if (mutants.length > 0) {
      log.held.take().complete(null);
    }
    trace.add("first ends");
    held.complete(null);
    while (second.isAlive() || closer.isAlive()) {
      log.held.forEach(answer -> answer.complete(null));
      closer.join(1);
    }
    first.join();
    return List.copyOf(trace);
  }

  @Test
  void commitsAndTheEndWaitForACallersCommit() throws Exception {
    assertThat(besideACallersCommit())
        .containsSubsequence(
            "persist 1", "first ends", "durable 1", "flush", "persist 2", "durable 2", "caller 2");
    assertThat(log.overlaps.get()).isZero();
  }

  @Test
  void aCommitterThatIgnoresCallersIsSeen() throws Exception {
    assertThat(besideACallersCommit(JournalMutant.COMMITTER_IGNORES_CALLERS))
        .containsSubsequence("persist 1", "persist 2", "first ends");
    assertThat(log.overlaps.get()).isPositive();
  }

  @Test
  void aCallersFailedCommitFailsEverybody() throws Exception {
    Journal journal = open();
    flushFailure.set(new IOException("broken"));
    journal.append(batch(1));
    assertThatThrownBy(() -> journal.commitUpTo(1)).hasMessageContaining("broken");
    assertThat(trace).containsExactly("flush", "failed broken");
    assertThatThrownBy(() -> journal.commitUpTo(1)).hasMessageContaining("broken");
    assertThatThrownBy(() -> journal.append(batch(2)))
        .isInstanceOfSatisfying(
            FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EROFS));
  }

  // --- group commit

  @Test
  void sixtyFourCallersShareCommits() throws Exception {
    Journal journal = open();
    int callers = 64;
    int rounds = 25;
    // The first persist waits until everybody has appended once: sharing is then no matter of luck.
    CountDownLatch all = new CountDownLatch(callers);
    log.completer =
        tx -> {
          try {
            assertThat(all.await(20, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        };
    AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int c = 0; c < callers; c++) {
      long ino = c;
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      for (int r = 0; r < rounds; r++) {
                        long lsn = journal.append(batch(ino));
                        all.countDown();
                        journal.awaitDurable(lsn);
                        assertThat(journal.durableLsn()).isGreaterThanOrEqualTo(lsn);
                      }
                    } catch (Throwable t) {
                      failed.set(t);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failed.get()).isNull();
    assertThat(log.persisted.stream().mapToInt(tx -> tx.events().size()).sum())
        .isEqualTo(callers * rounds);
    assertThat(log.persisted.size()).isLessThan(callers * rounds / 4);
  }

  // --- room

  /** The sizes of the transactions that three batches make, the running one being full with one. */
  private List<Integer> sizesWhenFull(JournalMutant... mutants) throws Exception {
    log.holds = true;
    long one = EventSize.upperBoundBytes(batch(1));
    Journal journal = open((int) one, mutants);
    journal.append(batch(1));
    CompletableFuture<Void> first = journal.durable(1);
    CompletableFuture<Void> inFlight = log.held.take();
    journal.append(batch(2));
    CompletableFuture<Long> third = new CompletableFuture<>();
    Thread appender =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    third.complete(journal.append(batch(3)));
                  } catch (FsException e) {
                    third.completeExceptionally(e);
                  }
                });
    if (mutants.length == 0) {
      awaitParked(appender);
      assertThat(third).isNotDone();
    } else {
      appender.join();
    }
    log.holds = false;
    inFlight.complete(null);
    first.get();
    journal.awaitDurable(third.get());
    return log.persisted.stream().map(tx -> tx.events().size()).toList();
  }

  @Test
  void appendWaitsWhileTheRunningTransactionIsFullAndOneIsInFlight() throws Exception {
    assertThat(sizesWhenFull()).containsExactly(1, 1, 1);
  }

  @Test
  void missingRoomLimitIsSeen() throws Exception {
    assertThat(sizesWhenFull(JournalMutant.NO_ROOM_LIMIT)).containsExactly(1, 2);
  }

  @Test
  void batchOfAnySizeGetsATransactionOfItsOwn() throws Exception {
    Journal journal = open(1);
    List<Event> large = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      large.addAll(batch(i));
    }
    assertThat(journal.append(large)).isEqualTo(1);
    assertThat(journal.append(batch(1))).isEqualTo(2);
    journal.commitAll();
    assertThat(log.persisted).containsExactly(new Tx(1, 7, large), new Tx(2, 7, batch(1)));
  }

  // --- timers and idleness

  @Test
  void idleJournalArmsNoTimerAndATransactionExactlyOne() throws Exception {
    Journal journal = open();
    assertThat(clock.delays).isEmpty();
    journal.append(batch(1));
    journal.append(batch(2));
    assertThat(clock.delays).containsExactly(LONG_NANOS);
    journal.commitAll();
    assertThat(clock.armed).isEmpty();
    journal.commitAll();
    assertThat(trace).containsExactly("flush", "persist 1", "durable 1");
  }

  @Test
  void timerCommitsWhatNobodyWaitsFor() throws Exception {
    log.holds = true;
    Journal journal = open();
    journal.append(batch(1));
    assertThat(log.held).isEmpty();
    clock.armed.take().run();
    log.held.take().complete(null);
    journal.awaitDurable(1);
    assertThat(trace).containsExactly("flush", "persist 1", "durable 1");
  }

  @Test
  void lateTimerOfAnOldTransactionDoesNothing() throws Exception {
    Journal journal = open();
    journal.append(batch(1));
    Runnable old = clock.armed.element();
    journal.commitAll();
    log.holds = true;
    journal.append(batch(2));
    old.run();
    assertThat(journal.runningLsn()).isEqualTo(2);
    assertThat(log.held).isEmpty();
  }

  @Test
  void waitingForAnEmptyTransactionReturnsAtOnce() throws Exception {
    Journal journal = open();
    journal.awaitDurable(journal.runningLsn());
    journal.durable(journal.runningLsn()).get();
    assertThat(trace).isEmpty();
    assertThatThrownBy(() -> journal.awaitDurable(2)).isInstanceOf(IllegalArgumentException.class);
  }

  // --- failure

  @Test
  void failedFlushMakesTheJournalReadOnlyForEverAndPersistsNothing() throws Exception {
    Journal journal = open();
    flushFailure.set(new IOException("no flush"));
    long lsn = journal.append(batch(1));
    CompletableFuture<Void> waiting = journal.durable(lsn);
    assertThatThrownBy(waiting::get)
        .isInstanceOf(ExecutionException.class)
        .satisfies(e -> assertThat(errnoOf(e)).isEqualTo(Errno.EIO));
    flushFailure.set(null);
    assertThatThrownBy(() -> journal.append(batch(2)))
        .satisfies(e -> assertThat(errnoOf(e)).isEqualTo(Errno.EROFS));
    assertThatThrownBy(() -> journal.awaitDurable(lsn))
        .satisfies(e -> assertThat(errnoOf(e)).isEqualTo(Errno.EIO));
    assertThatThrownBy(journal::close)
        .satisfies(e -> assertThat(errnoOf(e)).isEqualTo(Errno.EIO))
        .hasMessageContaining("no flush");
    assertThat(trace).containsExactly("flush", "failed no flush");
  }

  /** How often a transaction is persisted whose first persist fails. */
  private int attemptsOfAFailedPersist(JournalMutant... mutants) throws Exception {
    log.holds = true;
    Journal journal = open(mutants);
    CompletableFuture<Void> committing = journal.durable(journal.append(batch(1)));
    CompletableFuture<Void> answer = log.held.take();
    CompletableFuture<Void> running = journal.durable(journal.append(batch(2)));
    answer.completeExceptionally(new IOException("no sync"));
    if (mutants.length > 0) {
      log.held.take().completeExceptionally(new IOException("no sync"));
    }
    for (CompletableFuture<Void> waiter : List.of(committing, running)) {
      assertThatThrownBy(waiter::get).satisfies(e -> assertThat(errnoOf(e)).isEqualTo(Errno.EIO));
    }
    assertThat(journal.durableLsn()).isZero();
    return log.persisted.size();
  }

  @Test
  void failedPersistFailsBothTransactionsAndIsNotTriedAgain() throws Exception {
    assertThat(attemptsOfAFailedPersist()).isEqualTo(1);
    assertThat(trace).containsExactly("flush", "persist 1", "failed no sync");
  }

  @Test
  void retryOfAFailedPersistIsSeen() throws Exception {
    assertThat(attemptsOfAFailedPersist(JournalMutant.RETRY_AFTER_FAILURE)).isEqualTo(2);
  }

  @Test
  void failureWakesWhoWaitsForRoom() throws Exception {
    log.holds = true;
    Journal journal = open(1);
    journal.append(batch(1));
    CompletableFuture<Void> first = journal.durable(1);
    CompletableFuture<Void> inFlight = log.held.take();
    journal.append(batch(2));
    AtomicReference<@Nullable Throwable> refused = new AtomicReference<>();
    Thread appender =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    journal.append(batch(3));
                  } catch (FsException e) {
                    refused.set(e);
                  }
                });
    awaitParked(appender);
    inFlight.completeExceptionally(new IOException("no sync"));
    appender.join();
    assertThat(refused.get()).isInstanceOf(FsException.class);
    assertThat(first).failsWithin(java.time.Duration.ofSeconds(5));
  }

  // --- end

  @Test
  void closeCommitsWhatIsThereAndRefusesMore() throws Exception {
    Journal journal = open();
    journal.append(batch(1));
    journal.close();
    assertThat(trace).containsExactly("flush", "persist 1", "durable 1");
    assertThatThrownBy(() -> journal.append(batch(2)))
        .satisfies(e -> assertThat(errnoOf(e)).isEqualTo(Errno.EROFS));
    journal.close();
  }
}
