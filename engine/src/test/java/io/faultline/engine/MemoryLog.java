package io.faultline.engine;

import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Transactions that became durable, in memory. Safe for use by several threads. */
public final class MemoryLog implements TransactionLog {
  private final List<Tx> durable = new ArrayList<>(); // guarded by this

  @Override
  public synchronized CompletionStage<Void> persist(Tx tx) {
    durable.add(tx);
    return CompletableFuture.completedFuture(null);
  }

  /** What a crash at this moment leaves of the log. */
  public synchronized List<Tx> durable() {
    return List.copyOf(durable);
  }

  /** A log that holds {@code txs}. */
  public static MemoryLog of(List<Tx> txs) {
    MemoryLog log = new MemoryLog();
    log.durable.addAll(txs);
    return log;
  }

  /** The state after a crash at this moment. */
  public InodeTable replay() {
    InodeTable table = new InodeTable();
    for (Tx tx : durable()) {
      for (Event event : tx.events()) {
        table.apply(event);
      }
    }
    return table;
  }

  /** The newest durable transaction; 0 if there is none. */
  public synchronized long lastLsn() {
    return durable.isEmpty() ? 0 : durable.getLast().lsn();
  }
}
