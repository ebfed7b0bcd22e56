package io.faultline.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.runtime.EngineFailure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Goal: cycles through drains and barriers, which no order of ranks can see, are found when they
 * become possible, with both chains. Method: cycles planted in a graph of their own.
 */
class LockGraphTest {
  private LockGraph before = new LockGraph();

  @BeforeEach
  void aGraphOfItsOwn() {
    before = LockOrder.use(new LockGraph());
  }

  @AfterEach
  void theGraphOfTheJvmGoesOn() {
    LockOrder.use(before);
    LockOrder.assertNone("a test ends");
  }

  private static void nest(LockRank outer, LockRank inner) {
    LockOrder.acquired(outer, 1);
    LockOrder.acquired(inner, 1);
    LockOrder.released(inner, 1);
    LockOrder.released(outer, 1);
  }

  @Test
  void lockAgainstLockPrintsBothChains() {
    nest(LockRank.IO, LockRank.MAPPING);
    LockOrder.acquired(LockRank.MAPPING, 1);
    LockOrder.acquiredByTry(LockRank.MAPPING, 2);
    assertThatThrownBy(() -> LockOrder.acquired(LockRank.IO, 1))
        .isInstanceOf(EngineFailure.class)
        .hasMessageStartingWith("I10 ")
        .hasMessageContaining("MAPPING 1 -> MAPPING 2 -> IO 1")
        .hasMessageContaining("MAPPING/DATA_FILE taken under IO/DATA_FILE");
    LockOrder.released(LockRank.MAPPING, 2);
    LockOrder.released(LockRank.MAPPING, 1);
    LockGraph plain = new LockGraph();
    int io = LockGraph.node(LockRank.IO, LockRole.DATA_FILE);
    int group = LockGraph.node(LockRank.ALLOCATION_GROUP, LockRole.VOLUME);
    plain.add(io, group, "IO 1");
    assertThatThrownBy(() -> plain.add(group, io, "ALLOCATION_GROUP 1"))
        .hasMessageContaining("Chain of this thread: ALLOCATION_GROUP 1 -> IO/DATA_FILE")
        .hasMessageContaining("The other chain: ")
        .hasMessageContaining("ALLOCATION_GROUP/VOLUME taken under IO/DATA_FILE");
  }

  /** A command's caller holds what the command needs. */
  @Test
  void lockAgainstDrain() {
    LockOrder.owes(LockWait.COMMAND);
    LockOrder.acquired(LockRank.IO, 1);
    LockOrder.released(LockRank.IO, 1);
    LockOrder.paid(LockWait.COMMAND);
    LockOrder.acquired(LockRank.IO, 1);
    assertThatThrownBy(() -> LockOrder.waits(LockWait.COMMAND))
        .hasMessageStartingWith("I10 ")
        .hasMessageContaining("a cycle: IO/DATA_FILE -> COMMAND -> IO/DATA_FILE")
        .hasMessageContaining("Chain of this thread: IO 1 -> COMMAND")
        .hasMessageContaining("IO/DATA_FILE taken under COMMAND by thread");
    LockOrder.released(LockRank.IO, 1);
  }

  /** Writeback publishes under the inode state; who holds that may not wait for writeback. */
  @Test
  void lockAgainstBarrier() {
    LockOrder.owes(LockWait.WRITEBACK);
    LockOrder.acquired(LockRank.INODE_STATE, 1);
    LockOrder.released(LockRank.INODE_STATE, 1);
    LockOrder.paid(LockWait.WRITEBACK);
    LockOrder.acquired(LockRank.INODE_STATE, LockRole.DIRECTORY, 2);
    LockOrder.waits(LockWait.WRITEBACK);
    LockOrder.released(LockRank.INODE_STATE, 2);
    LockOrder.acquired(LockRank.INODE_STATE, 2);
    assertThatThrownBy(() -> LockOrder.waits(LockWait.WRITEBACK))
        .hasMessageContaining("INODE_STATE/DATA_FILE -> WRITEBACK -> INODE_STATE/DATA_FILE");
    LockOrder.released(LockRank.INODE_STATE, 2);
  }

  @Test
  void barrierAgainstBarrierOverTwoThreads() {
    LockOrder.owes(LockWait.FRAME);
    LockOrder.waits(LockWait.WRITEBACK);
    LockOrder.paid(LockWait.FRAME);
    LockOrder.owes(LockWait.WRITEBACK);
    LockOrder.waits(LockWait.COMMIT);
    assertThatThrownBy(() -> LockOrder.waits(LockWait.FRAME))
        .hasMessageContaining("WRITEBACK -> FRAME -> WRITEBACK");
    LockOrder.paid(LockWait.WRITEBACK);
    assertThat(LockOrder.graph()).containsExactly("FRAME -> WRITEBACK", "WRITEBACK -> COMMIT");
  }
}
