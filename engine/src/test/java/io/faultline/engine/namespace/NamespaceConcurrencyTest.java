package io.faultline.engine.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeApply;
import io.faultline.engine.inode.InodeTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: rule R16 and the second look under the locks, each with the mutant that dies without it.
 * Method: real threads; where one interleaving matters it is forced by a hook in the volume, which
 * goes on only once the other thread has finished or waits for a lock.
 */
@Timeout(60)
class NamespaceConcurrencyTest {
  /** A task on a thread of its own whose state can be watched. */
  private record Running<T>(Thread thread, FutureTask<T> task) {
    static <T> Running<T> start(Callable<T> body) {
      FutureTask<T> task = new FutureTask<>(body);
      return new Running<>(Thread.ofPlatform().daemon().start(task), task);
    }

    void awaitFinishedOrWaiting() {
      while (!task.isDone() && thread.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
    }

    T get() throws Exception {
      try {
        return task.get(30, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
    }
  }

  private static String answer(Callable<?> body) throws Exception {
    try {
      Object _ = body.call();
      return "OK";
    } catch (FsException e) {
      return e.errno().name();
    }
  }

  /** Looks /t up exactly while a rename that replaces it has removed the old name. */
  private static String lookupInsideRename(boolean list, Mutant... mutants) throws Exception {
    MemoryVolume volume = new MemoryVolume();
    Namespace names = new Namespace(volume, Set.of(mutants));
    names.create("/s", 0644, true);
    names.create("/t", 0644, true);
    List<Running<String>> lookups = new ArrayList<>();
    volume.afterEvent =
        event -> {
          if (lookups.isEmpty() && event instanceof Event.EntryRemoved) {
            Callable<?> look =
                list
                    ? () -> names.lookup(InodeTable.ROOT, names.list("/").getLast().name())
                    : () -> names.resolve("/t", true);
            lookups.add(Running.start(() -> answer(look)));
            lookups.getFirst().awaitFinishedOrWaiting();
          }
        };
    names.rename("/s", "/t");
    assertThat(lookups).hasSize(1);
    return lookups.getFirst().get();
  }

  @Test
  void aReplacedNameIsNeverMissing() throws Exception {
    assertThat(lookupInsideRename(false)).isEqualTo("OK");
    assertThat(lookupInsideRename(true)).isEqualTo("OK");
  }

  @Test
  void withoutTheSequenceRetryAReplacedNameIsMissing() throws Exception {
    assertThat(lookupInsideRename(false, Mutant.NO_SEQUENCE_RETRY)).isEqualTo("ENOENT");
  }

  /** Replaces one name again and again, from its own and another directory, and looks it up. */
  @Test
  void aNameReplacedForeverIsAlwaysFoundAndListed() throws Exception {
    MemoryVolume volume = new MemoryVolume();
    Namespace names = new Namespace(volume);
    names.mkdir("/d", 0755);
    names.create("/t", 0644, true);
    AtomicBoolean stop = new AtomicBoolean();
    List<Running<Integer>> lookups = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      lookups.add(
          Running.start(
              () -> {
                int looks = 0;
                for (; !stop.get() || looks < 100; looks++) {
                  names.stat("/d/../t", true);
                  assertThat(names.list("/")).extracting(Entry::name).contains("d", "t");
                }
                return looks;
              }));
    }
    for (int i = 0; i < 5_000; i++) {
      String source = i % 2 == 0 ? "/s" : "/d/s";
      names.create(source, 0644, true);
      names.rename(source, "/t");
    }
    stop.set(true);
    for (Running<Integer> lookup : lookups) {
      assertThat(lookup.get()).isGreaterThanOrEqualTo(100);
    }
    volume.checkConsistent();
  }

  /** Two renames that would each put the other's directory below its own. */
  private static List<String> oppositeRenames(MemoryVolume volume, Mutant... mutants)
      throws Exception {
    Namespace names = new Namespace(volume, Set.of(mutants));
    names.mkdir("/a", 0755);
    names.mkdir("/b", 0755);
    List<Running<String>> both = new ArrayList<>();
    AtomicInteger arrivals = new AtomicInteger();
    CyclicBarrier ready = new CyclicBarrier(3);
    volume.beforeLock =
        () -> {
          // The first one in waits until the other has checked too, or cannot.
          if (arrivals.incrementAndGet() == 1) {
            for (Running<String> one : both) {
              while (one.thread() != Thread.currentThread()
                  && arrivals.get() < 2
                  && !one.task().isDone()
                  && one.thread().getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
              }
            }
          }
        };
    for (String[] fromTo : new String[][] {{"/a", "/b/x"}, {"/b", "/a/x"}}) {
      both.add(
          Running.start(
              () -> {
                ready.await();
                return answer(
                    () -> {
                      names.rename(fromTo[0], fromTo[1]);
                      return fromTo;
                    });
              }));
    }
    while (ready.getNumberWaiting() < 2) {
      Thread.onSpinWait();
    }
    ready.await();
    List<String> answers = new ArrayList<>();
    for (Running<String> one : both) {
      answers.add(one.get());
    }
    volume.beforeLock = () -> {};
    return answers;
  }

  private static boolean consistent(MemoryVolume volume) {
    try {
      volume.checkConsistent();
      return true;
    } catch (AssertionError e) {
      return false;
    }
  }

  @Test
  void oppositeRenamesOfDirectoriesMakeNoCycle() throws Exception {
    for (int round = 0; round < 200; round++) {
      MemoryVolume volume = new MemoryVolume();
      // Whoever comes second finds its source's path, /a or /b, gone.
      assertThat(oppositeRenames(volume)).containsExactlyInAnyOrder("OK", "ENOENT");
      volume.checkConsistent();
    }
  }

  @Test
  void withoutTheRenameLockTheyMakeACycle() throws Exception {
    boolean cycle = false;
    for (int round = 0; round < 50 && !cycle; round++) {
      MemoryVolume volume = new MemoryVolume();
      List<String> answers = oppositeRenames(volume, Mutant.NO_RENAME_LOCK);
      cycle = answers.equals(List.of("OK", "OK")) && !consistent(volume);
    }
    assertThat(cycle).isTrue();
  }

  @Test
  void withoutTheCycleCheckADirectoryLeavesTheTree() throws Exception {
    MemoryVolume volume = new MemoryVolume();
    Namespace names = new Namespace(volume, Set.of(Mutant.NO_CYCLE_CHECK));
    names.mkdir("/a", 0755);
    names.rename("/a", "/a/x");
    assertThat(consistent(volume)).isFalse();
  }

  /** Another thread does {@code between} after the first look and before the locks. */
  private static String overtaken(MemoryVolume volume, Callable<?> first, Callable<?> between)
      throws Exception {
    AtomicBoolean once = new AtomicBoolean();
    volume.beforeLock =
        () -> {
          if (once.compareAndSet(false, true)) {
            Running<String> other = Running.start(() -> answer(between));
            other.awaitFinishedOrWaiting();
            try {
              assertThat(other.get()).isEqualTo("OK");
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          }
        };
    return answer(first);
  }

  private static Callable<String> run(FsCall call) {
    return () -> {
      call.run();
      return "";
    };
  }

  private interface FsCall {
    void run() throws FsException;
  }

  @Test
  void whatChangedBeforeTheLocksIsLookedUpAgain() throws Exception {
    record Case(String answer, boolean breaksWithoutSecondLook, FsStep first, FsStep between) {}
    List<Case> cases =
        List.of(
            new Case("EEXIST", true, n -> n.create("/n", 0, true), n -> n.mkdir("/n", 0)),
            new Case("OK", true, n -> n.create("/n", 0, false), n -> n.create("/n", 0, true)),
            new Case("ENOENT", true, n -> n.unlink("/f"), n -> n.unlink("/f")),
            new Case("EISDIR", true, n -> n.unlink("/f"), n -> replace(n, "/e", "/f")),
            new Case("ENOENT", true, n -> n.create("/e/n", 0, true), n -> n.rmdir("/e")),
            new Case("ENOTEMPTY", false, n -> n.rmdir("/e"), n -> n.create("/e/n", 0, true)),
            new Case("ENOENT", true, n -> n.link("/f", "/n"), n -> n.unlink("/f")),
            new Case("ENOENT", true, n -> n.rename("/f", "/n"), n -> n.rename("/f", "/m")),
            new Case("ENOENT", true, n -> n.rename("/f", "/e/n"), n -> n.rmdir("/e")),
            new Case("EISDIR", true, n -> n.rename("/f", "/n"), n -> n.mkdir("/n", 0)));
    for (Case c : cases) {
      assertThat(overtakenCase(c.first, c.between, false))
          .as("%s", c)
          .isEqualTo(c.answer + " true");
      if (c.breaksWithoutSecondLook) {
        assertThat(overtakenCase(c.first, c.between, true))
            .as("%s without a second look", c)
            .isNotEqualTo(c.answer + " true");
      }
    }
  }

  private interface FsStep {
    void on(Namespace names) throws FsException;
  }

  private static void replace(Namespace names, String from, String to) throws FsException {
    names.unlink(to);
    names.rename(from, to);
  }

  private static String overtakenCase(FsStep first, FsStep between, boolean blind)
      throws Exception {
    MemoryVolume volume = new MemoryVolume();
    Namespace names =
        new Namespace(volume, blind ? Set.of(Mutant.NO_SECOND_LOOK) : Set.<Mutant>of());
    names.create("/f", 0644, true);
    names.mkdir("/e", 0755);
    try {
      String answer = overtaken(volume, run(() -> first.on(names)), run(() -> between.on(names)));
      return answer + " " + consistent(volume);
    } catch (InodeApply.MismatchException | IllegalStateException e) {
      return "broken: " + e.getMessage();
    }
  }

  @Test
  void ofManyCreatorsOfOneNameExactlyOneWins() throws Exception {
    MemoryVolume volume = new MemoryVolume();
    Namespace names = new Namespace(volume);
    for (int round = 0; round < 300; round++) {
      String path = "/n" + round;
      CyclicBarrier start = new CyclicBarrier(4);
      List<Running<String>> creators = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int kind = i;
        creators.add(
            Running.start(
                () -> {
                  start.await();
                  return answer(
                      () ->
                          switch (kind) {
                            case 0 -> names.mkdir(path, 0755);
                            case 1 -> names.symlink("x", path);
                            default -> names.create(path, 0644, true);
                          });
                }));
      }
      List<String> answers = new ArrayList<>();
      for (Running<String> creator : creators) {
        answers.add(creator.get());
      }
      assertThat(answers).containsExactlyInAnyOrder("OK", "EEXIST", "EEXIST", "EEXIST");
    }
    volume.checkConsistent();
  }

  /** Everything at once; errors are fine, a damaged tree, a wrong batch or a deadlock is not. */
  @Test
  void randomOperationsOfManyThreadsKeepTheTreeWhole() throws Exception {
    for (long seed = 0; seed < 5; seed++) {
      MemoryVolume volume = new MemoryVolume();
      Namespace names = new Namespace(volume);
      AtomicInteger succeeded = new AtomicInteger();
      List<Running<String>> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Random random = new Random(seed * 100 + i);
        threads.add(
            Running.start(
                () -> {
                  for (int step = 0; step < 3_000; step++) {
                    NamespaceRandomTest.Step next = NamespaceRandomTest.step(random);
                    String answer = answer(run(() -> next.on(names)));
                    succeeded.addAndGet(answer.equals("OK") ? 1 : 0);
                    assertThat(answer).isNotEqualTo(Errno.EUCLEAN.name());
                  }
                  return "";
                }));
      }
      for (Running<String> thread : threads) {
        thread.get();
      }
      assertThat(succeeded.get()).as("seed %s", seed).isGreaterThan(1_000);
      volume.checkConsistent();
    }
  }
}
