package io.faultline.engine.journal;

/**
 * Rules a test may switch off to see that another test notices. Nothing outside this package can
 * name one, so no production path leads here.
 */
enum JournalMutant {
  /** R13: persists before the image flush, so metadata may point at data that never arrived. */
  PERSIST_BEFORE_FLUSH,
  /** R2: lets waiters go when their transaction is closed. */
  COMPLETE_BEFORE_DURABLE,
  /** R13: begins commit n + 1 while n is being persisted. */
  OVERLAPPING_COMMITS,
  /** R13: the committer does not see that a caller commits. */
  COMMITTER_IGNORES_CALLERS,
  /** Begins each commit as soon as it can, without those who are about to join. */
  NO_GATHER,
  /** R13: tries a failed persist once more. */
  RETRY_AFTER_FAILURE,
  /** Limits: admits every batch at once, however full the running transaction is. */
  NO_ROOM_LIMIT
}
