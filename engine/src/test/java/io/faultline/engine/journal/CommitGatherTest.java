package io.faultline.engine.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.runtime.EngineRuntime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: callers who come back right behind a commit share the next one, nobody waits who is alone,
 * and no wait outlasts its reason. Method: a log that answers when told to and takes 1 ms by a
 * clock in the test's hands, whose timers fire by hand.
 */
@Timeout(30)
class CommitGatherTest {
  private static final long INTERVAL_NANOS = TimeUnit.HOURS.toNanos(1);
  private static final long COMMIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final AtomicLong now = new AtomicLong();
  private final LinkedBlockingQueue<CompletableFuture<Void>> held = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Tx> begun = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Runnable> patience = new LinkedBlockingQueue<>();
  private final List<Long> waits = Collections.synchronizedList(new ArrayList<>());
  private final List<Thread> flushers = Collections.synchronizedList(new ArrayList<>());
  private final List<Journal> opened = new ArrayList<>();

  private final class HandClock implements EngineRuntime {
    @Override
    public long nanoTime() {
      return now.get();
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
      if (delayNanos == INTERVAL_NANOS) {
        return () -> {};
      }
      waits.add(delayNanos);
      patience.add(callback);
      return () -> patience.remove(callback);
    }

    @Override
    public boolean simulated() {
      return false;
    }
  }

  private CompletionStage<Void> persist(Tx tx) {
    CompletableFuture<Void> answer = new CompletableFuture<>();
    held.add(answer);
    begun.add(tx);
    return answer;
  }

  private void answer() throws InterruptedException {
    CompletableFuture<Void> oldest = held.take();
    now.addAndGet(COMMIT_NANOS);
    oldest.complete(null);
  }

  private Journal open(int txBytesMax, JournalMutant... mutants) {
    Journal.Listener listener =
        new Journal.Listener() {
          @Override
          public void durable(Tx tx) {}

          @Override
          public void failed(Throwable cause) {}
        };
    Journal journal =
        new Journal(
            new HandClock(),
            this::persist,
            7,
            0,
            () -> flushers.add(Thread.currentThread()),
            listener,
            new Journal.Options(INTERVAL_NANOS, txBytesMax),
            Set.of(mutants));
    opened.add(journal);
    return journal;
  }

  @AfterEach
  void closeAll() throws InterruptedException {
    for (Journal journal : opened) {
      Thread closer = Thread.ofPlatform().start(() -> attempt(journal::close));
      while (closer.isAlive()) {
        held.forEach(answer -> answer.complete(null));
        closer.join(1);
      }
    }
  }

  private interface Step {
    void run() throws FsException;
  }

  private static void attempt(Step step) {
    try {
      step.run();
    } catch (FsException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Event> batch(long ino) {
    return List.of(new Event.LinksChanged(ino, 1, 5));
  }

  /** A caller who appends and syncs, once. */
  private static Thread caller(Journal journal, long ino) {
    return Thread.ofPlatform()
        .start(() -> attempt(() -> journal.commitUpTo(journal.append(batch(ino)))));
  }

  private static void awaitParked(Thread thread) {
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(thread.isAlive()).isTrue();
      Thread.onSpinWait();
    }
  }

  /** Two callers: the second joins behind the first one's commit, which is then durable. */
  private Thread second(Journal journal) throws InterruptedException {
    Thread first = caller(journal, 1);
    assertThat(begun.take().events()).hasSize(1);
    Thread second = caller(journal, 2);
    awaitParked(second);
    answer();
    first.join();
    return second;
  }

  @Test
  void whoComesBackBehindACommitSharesTheNext() throws Exception {
    Journal journal = open(1 << 20);
    Thread second = second(journal);
    assertThat(patience.take()).isNotNull();
    assertThat(begun).isEmpty();
    assertThat(waits).containsExactly(COMMIT_NANOS / 2);
    Thread first = caller(journal, 1);
    assertThat(begun.take().events()).hasSize(2);
    answer();
    first.join();
    second.join();
    assertThat(journal.durableLsn()).isEqualTo(2);
  }

  @Test
  void withoutTheWaitTheyMissEachOther() throws Exception {
    Journal journal = open(1 << 20, JournalMutant.NO_GATHER);
    Thread second = second(journal);
    assertThat(begun.take().events()).hasSize(1);
    assertThat(waits).isEmpty();
    answer();
    second.join();
  }

  /** A pair that came together waits for one another on the thread of whoever is first. */
  @Test
  void aCallerWaitsForOthersOnItsOwnThreadAndCommits() throws Exception {
    Journal journal = open(1 << 20);
    Thread second = second(journal);
    patience.take();
    Thread first = caller(journal, 1);
    begun.take();
    answer();
    first.join();
    second.join();
    first = caller(journal, 1);
    awaitParked(first);
    assertThat(begun).isEmpty();
    second = caller(journal, 2);
    assertThat(begun.take().events()).hasSize(2);
    assertThat(flushers.getLast()).isSameAs(first);
    answer();
    first.join();
    second.join();
  }

  @Test
  void whoIsAloneNeverWaits() throws Exception {
    Journal journal = open(1 << 20);
    for (int i = 1; i <= 5; i++) {
      Thread alone = caller(journal, 1);
      assertThat(begun.take().lsn()).isEqualTo(i);
      answer();
      alone.join();
    }
    assertThat(waits).isEmpty();
  }

  @Test
  void aWaitInVainEndsAndTheNextCommitDoesNotWait() throws Exception {
    Journal journal = open(1 << 20);
    Thread second = second(journal);
    patience.take().run();
    assertThat(begun.take().events()).hasSize(1);
    Thread third = caller(journal, 3);
    awaitParked(third);
    answer();
    second.join();
    // Two are expected again, but one wait was in vain.
    assertThat(begun.take().events()).hasSize(1);
    Thread fourth = caller(journal, 4);
    awaitParked(fourth);
    answer();
    third.join();
    assertThat(patience.take()).isNotNull();
    assertThat(waits).hasSize(2);
    patience.clear();
    Thread fifth = caller(journal, 5);
    assertThat(begun.take().events()).hasSize(2);
    answer();
    fourth.join();
    fifth.join();
  }

  @Test
  void whoWaitsForRoomEndsTheWait() throws Exception {
    Journal journal = open((int) EventSize.upperBoundBytes(batch(1)) + 1);
    Thread second = second(journal);
    patience.take();
    Thread third = caller(journal, 3);
    assertThat(begun.take().events()).hasSize(1);
    answer();
    second.join();
    assertThat(begun.take().events()).hasSize(1);
    answer();
    third.join();
  }

  @Test
  void closingEndsTheWait() throws Exception {
    Journal journal = open(1 << 20);
    Thread second = second(journal);
    patience.take();
    Thread closer = Thread.ofPlatform().start(() -> attempt(journal::close));
    assertThat(begun.take().events()).hasSize(1);
    answer();
    second.join();
    closer.join();
  }

  @Test
  void waitsInVainBecomeRare() {
    ReentrantLock lock = new ReentrantLock();
    HandClock clock = new HandClock();
    CommitGather gather = new CommitGather(clock, lock);
    lock.lock();
    try {
      for (int i = 0; i < 640; i++) {
        gather.committed(1, 1, COMMIT_NANOS);
        // Nobody comes, and the second look says that there is a reason to wait no longer.
        boolean[] asked = {false};
        gather.await(
            () -> 1,
            () -> {
              boolean again = asked[0];
              asked[0] = true;
              return again;
            });
      }
    } finally {
      lock.unlock();
    }
    // After 1, 3, 7, 15 and 31 commits without one, then every 64th.
    assertThat(waits).hasSize(5 + 1 + (640 - 62) / 64);
  }
}
