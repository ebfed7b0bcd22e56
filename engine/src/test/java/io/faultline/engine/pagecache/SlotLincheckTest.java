package io.faultline.engine.pagecache;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import io.faultline.engine.lock.LockCounters;
import io.faultline.engine.lock.LockOrder;
import io.faultline.engine.lock.MappingLock;
import io.faultline.engine.pagecache.PageTable.Leaf;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Options;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: the slot protocol (rules R1, R6; SlotWord's table) is linearizable: two pages behave as two
 * registers, whatever fills, writeback, eviction and discard do between. Method: the transitions
 * over the engine's own word, waits, leaf and mapping lock, but over frames of two plain words
 * each, so that Lincheck can put a schedule's switch into the middle of a copy, which it cannot
 * with the real pool's memory. Frames are few and reused at once. Each rule that a variant below
 * breaks makes a schedule that Lincheck refuses.
 */
@Tag("lincheck")
@Timeout(900)
class SlotLincheckTest {
  /** The protocol with every rule kept. */
  @Param(name = "page", gen = IntGen.class, conf = "0:1")
  @Param(name = "value", gen = IntGen.class, conf = "1:9")
  public static class Protocol {
    final Leaf leaf = new Leaf(new PageTable(1), 0, 0);
    final SlotWaits waits = new SlotWaits(0);
    final MappingLock mapping = new MappingLock(1, new LockCounters());

    /** Frame 0 is the hole's and stays zero. */
    final int[] left = new int[8];

    final int[] right = new int[8];

    /** The blocks; 0 is none. */
    final int[] device = new int[2];

    /** A bit for each free frame, the lowest is taken first: reuse is immediate. */
    final AtomicInteger free = new AtomicInteger(0xFE);

    int takeFrame() {
      for (; ; ) {
        int bits = free.get();
        int frame = Integer.numberOfTrailingZeros(bits);
        if (free.compareAndSet(bits, bits & ~(1 << frame))) {
          return frame;
        }
      }
    }

    void giveFrame(int frame) {
      free.getAndUpdate(bits -> bits | 1 << frame);
    }

    @Operation
    public int read(@Param(name = "page") int page) {
      for (; ; ) {
        long word = leaf.get(page);
        if (SlotWord.is(word, SlotWord.LOCK)) {
          waits.await(leaf, page, SlotWord.LOCK);
          continue;
        }
        if (!SlotWord.is(word, SlotWord.UPTODATE)) {
          fill(page);
          continue;
        }
        int seen = copyOut(word);
        VarHandle.loadLoadFence();
        if (((leaf.getOpaque(page) ^ word) & ~SlotWord.IGNORED_BY_READERS) == 0) {
          if (!SlotWord.is(word, SlotWord.REF)) {
            leaf.cas(page, word, word | SlotWord.REF);
          }
          return seen;
        }
      }
    }

    /** A torn page shows as a value nobody wrote. */
    private int copyOut(long word) {
      int frame = SlotWord.frame(word);
      int first = left[frame];
      int second = right[frame];
      return first == second ? first : 100 * first + second;
    }

    private void fill(int page) {
      int frame = takeFrame();
      mapping.lockShared();
      long word = leaf.get(page);
      if (!SlotWord.isEmpty(word)
          || SlotWord.is(word, SlotWord.LOCK)
          || !leaf.cas(page, word, SlotWord.filling(word, frame))) {
        mapping.unlockShared();
        giveFrame(frame);
        return;
      }
      int block = device[page];
      if (block == 0) {
        waits.replace(leaf, page, SlotWord.hole(leaf.get(page)));
        mapping.unlockShared();
        giveFrame(frame);
        return;
      }
      mapping.unlockShared();
      left[frame] = device[page];
      right[frame] = device[page];
      unlock(page, SlotWord.UPTODATE | SlotWord.REF, false);
    }

    /** LOCK goes, {@code set} comes, waiters are woken. */
    void unlock(int page, long set, boolean moveVersion) {
      waits.update(leaf, page, set, SlotWord.LOCK, moveVersion);
    }

    /** A store of the whole page. */
    @Operation
    public void write(@Param(name = "page") int page, @Param(name = "value") int value) {
      for (; ; ) {
        long word = leaf.get(page);
        if (SlotWord.is(word, SlotWord.LOCK)) {
          waits.await(leaf, page, SlotWord.LOCK);
          continue;
        }
        int frame = SlotWord.frame(word);
        if (frame != 0) {
          if (!leaf.cas(page, word, word | SlotWord.LOCK)) {
            continue;
          }
        } else {
          frame = takeFrame();
          mapping.lockShared();
          boolean inserted = leaf.cas(page, word, SlotWord.filling(word, frame));
          mapping.unlockShared();
          if (!inserted) {
            giveFrame(frame);
            continue;
          }
        }
        VarHandle.storeStoreFence();
        left[frame] = value;
        right[frame] = value;
        unlock(page, SlotWord.UPTODATE | SlotWord.DIRTY | SlotWord.REF, writeMovesTheVersion());
        return;
      }
    }

    boolean writeMovesTheVersion() {
      return true;
    }

    @Operation
    public void writeBack(@Param(name = "page") int page) {
      for (; ; ) {
        long word = leaf.get(page);
        if (!SlotWord.is(word, SlotWord.DIRTY)) {
          return;
        }
        long busy = word & (SlotWord.LOCK | SlotWord.WRITEBACK);
        if (busy != 0) {
          waits.await(leaf, page, busy);
          continue;
        }
        if (leaf.cas(page, word, word | SlotWord.LOCK)) {
          sendLocked(page, SlotWord.frame(word));
          return;
        }
      }
    }

    void sendLocked(int page, int frame) {
      waits.update(leaf, page, SlotWord.WRITEBACK, SlotWord.LOCK | SlotWord.DIRTY, false);
      device[page] = left[frame];
      waits.update(leaf, page, 0, SlotWord.WRITEBACK, false);
    }

    @Operation
    public void evict(@Param(name = "page") int page) {
      // Twice, as dropClean does: the first may only take REF away.
      for (int chance = 0; chance < 2; chance++) {
        long word = leaf.get(page);
        if (SlotWord.frame(word) == 0 || SlotWord.is(word, busyForEviction())) {
          return;
        }
        if (SlotWord.is(word, SlotWord.REF)) {
          leaf.cas(page, word, word & ~SlotWord.REF);
        } else if (leaf.cas(page, word, evicted(word))) {
          giveFrame(SlotWord.frame(word));
          return;
        }
      }
    }

    long evicted(long word) {
      return SlotWord.emptied(word);
    }

    long busyForEviction() {
      return SlotWord.LOCK | SlotWord.WRITEBACK | SlotWord.DIRTY;
    }

    /** Punch: the page goes, then its block, and nobody can fill in between. */
    @Operation
    public void discard(@Param(name = "page") int page) {
      mapping.lockExclusive();
      detachForDiscard(page);
      device[page] = 0;
      mapping.unlockExclusive();
    }

    private void detachForDiscard(int page) {
      for (; ; ) {
        long word = leaf.get(page);
        if (word == SlotWord.ofVersion(SlotWord.version(word))) {
          return;
        }
        long busy = word & (SlotWord.LOCK | SlotWord.WRITEBACK) & waitedForByDiscard();
        if (busy != 0) {
          waits.await(leaf, page, busy);
        } else if (leaf.cas(page, word, SlotWord.emptied(word))) {
          if (SlotWord.frame(word) != 0) {
            giveFrame(SlotWord.frame(word));
          }
          return;
        }
      }
    }

    long waitedForByDiscard() {
      return SlotWord.LOCK | SlotWord.WRITEBACK;
    }
  }

  /** The specification: a page is a register; writeback and eviction are nothing to see. */
  public static class Registers {
    private final int[] value = new int[2];

    public int read(int page) {
      return value[page];
    }

    public void write(int page, int put) {
      value[page] = put;
    }

    public void writeBack(int page) {}

    public void evict(int page) {}

    public void discard(int page) {
      value[page] = 0;
    }
  }

  /** Broken: a write leaves the version (R6_WRITE_KEEPS_VERSION). */
  public static class WriteKeepsVersion extends Protocol {
    @Override
    boolean writeMovesTheVersion() {
      return false;
    }
  }

  /** Broken: dirty pages are evicted (M26). */
  public static class EvictsDirty extends Protocol {
    @Override
    long busyForEviction() {
      return SlotWord.LOCK | SlotWord.WRITEBACK;
    }
  }

  /** Broken: a page under writeback is evicted; a fill reads the block before it is written. */
  public static class EvictsWriteback extends Protocol {
    @Override
    long busyForEviction() {
      return SlotWord.LOCK | SlotWord.DIRTY;
    }
  }

  /** Broken: a discard does not wait for writeback, which then writes into a freed block. */
  public static class DiscardSkipsWriteback extends Protocol {
    @Override
    long waitedForByDiscard() {
      return SlotWord.LOCK;
    }
  }

  /** Broken: DIRTY is cleared once the block is written, and with it that of a newer write. */
  public static class DirtyClearedLast extends Protocol {
    @Override
    void sendLocked(int page, int frame) {
      waits.update(leaf, page, SlotWord.WRITEBACK, SlotWord.LOCK, false);
      device[page] = left[frame];
      waits.update(leaf, page, 0, SlotWord.WRITEBACK | SlotWord.DIRTY, false);
    }
  }

  private static ModelCheckingOptions models(int iterations, int invocations) {
    return new ModelCheckingOptions()
        .addGuarantee(forClasses(LockOrder.class.getName()).allMethods().ignore())
        .iterations(iterations)
        .invocationsPerIteration(invocations)
        .threads(2)
        .actorsPerThread(3)
        .actorsBefore(1)
        .actorsAfter(2)
        .minimizeFailedScenario(false);
  }

  private static StressOptions stress(int iterations, int invocations) {
    return new StressOptions()
        .iterations(iterations)
        .invocationsPerIteration(invocations)
        .threads(3)
        .actorsPerThread(3)
        .actorsBefore(1)
        .actorsAfter(2)
        .minimizeFailedScenario(false);
  }

  private static void check(Options<?, ?> options, Class<?> protocol) {
    options.sequentialSpecification(Registers.class).check(protocol);
  }

  /**
   * The operations of each variant's shortest way to go wrong: before, one thread, another thread,
   * afterwards. Random scenarios rarely have the few operations that a fault needs.
   */
  @SuppressWarnings("ImmutableEnumChecker") // a scenario is not changed once it is made
  enum Fault {
    WRITE_KEEPS_VERSION(WriteKeepsVersion.class, "w01", "r0", "w02", ""),
    EVICTS_DIRTY(EvictsDirty.class, "", "w01 e0", "w12", "r0"),
    EVICTS_WRITEBACK(EvictsWriteback.class, "w01", "b0", "e0 r0", ""),
    DISCARD_SKIPS_WRITEBACK(DiscardSkipsWriteback.class, "w01", "b0", "d0", "r0"),
    DIRTY_CLEARED_LAST(DirtyClearedLast.class, "w01", "b0", "w02", "e0 r0");

    private final Class<?> broken;
    private final ExecutionScenario scenario;

    Fault(Class<?> broken, String before, String one, String other, String after) {
      this.broken = broken;
      this.scenario =
          new ExecutionScenario(
              operations(before),
              List.of(operations(one), operations(other)),
              operations(after),
              null);
    }

    /** A letter, the page, and for a write its value. */
    private static List<Actor> operations(String text) {
      List<Actor> actors = new ArrayList<>();
      for (String word : text.isEmpty() ? new String[0] : text.split(" ")) {
        int page = word.charAt(1) - '0';
        actors.add(
            switch (word.charAt(0)) {
              case 'r' -> operation("read", page);
              case 'w' -> operation("write", page, word.charAt(2) - '0');
              case 'b' -> operation("writeBack", page);
              case 'e' -> operation("evict", page);
              default -> operation("discard", page);
            });
      }
      return actors;
    }

    private static Actor operation(String name, Object... arguments) {
      Class<?>[] types = new Class<?>[arguments.length];
      Arrays.fill(types, int.class);
      try {
        return new Actor(Protocol.class.getMethod(name, types), List.of(arguments));
      } catch (NoSuchMethodException e) {
        throw new IllegalArgumentException(name, e);
      }
    }
  }

  @Test
  void pagesAreRegistersModelChecked() {
    check(models(2, 50), Protocol.class);
  }

  @Test
  void pagesAreRegistersStressed() {
    check(stress(5, 300), Protocol.class);
  }

  @Tag("deep")
  @Test
  void pagesAreRegistersLonger() {
    check(models(30, 1_500), Protocol.class);
    check(stress(50, 5_000), Protocol.class);
  }

  /** In the same scenario the protocol holds and the variant does not. */
  @ParameterizedTest
  @EnumSource(names = {"WRITE_KEEPS_VERSION", "EVICTS_DIRTY"})
  void refuses(Fault fault) {
    check(models(0, 30).addCustomScenario(fault.scenario), Protocol.class);
    assertThatThrownBy(
            () -> check(models(0, 2_000).addCustomScenario(fault.scenario), fault.broken))
        .isInstanceOf(LincheckAssertionError.class);
  }

  @Tag("deep")
  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"WRITE_KEEPS_VERSION", "EVICTS_DIRTY"})
  void refusesTheOthers(Fault fault) {
    refuses(fault);
  }
}
