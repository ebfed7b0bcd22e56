package io.faultline.engine.journal;

import java.util.concurrent.CompletionStage;

/** Where transactions become durable. Implemented by the module {@code persistence}. */
public interface TransactionLog {
  /**
   * Persists one transaction. The caller passes them in the order of their LSNs and only one at a
   * time. The stage completes on any thread once a power cut can no longer lose the transaction;
   * after a failure its fate is unknown and the log accepts nothing more (rule R13).
   */
  CompletionStage<Void> persist(Tx tx);
}
