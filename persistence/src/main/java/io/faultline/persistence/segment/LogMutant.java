package io.faultline.persistence.segment;

/** Rules a test may switch off to see that another test notices. Reachable from tests only. */
enum LogMutant {
  /** R8: appends behind a torn tail without cutting it. */
  NO_CUT,
  /** R8: acknowledges what is written but not synced. */
  ACKNOWLEDGE_BEFORE_SYNC,
  /** R8: leaves the zeros ahead in a segment that another follows. */
  NO_SEAL
}
