package io.faultline.bench;

import io.faultline.engine.journal.TransactionLog;
import io.faultline.engine.journal.Tx;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;

/** A journal that counts what is given to it. */
final class CountingLog implements TransactionLog {
  final LongAdder commits = new LongAdder();
  final LongAdder events = new LongAdder();
  private final TransactionLog log;

  CountingLog(TransactionLog log) {
    this.log = log;
  }

  @Override
  public CompletionStage<Void> persist(Tx tx) {
    commits.increment();
    events.add(tx.events().size());
    return log.persist(tx);
  }
}
