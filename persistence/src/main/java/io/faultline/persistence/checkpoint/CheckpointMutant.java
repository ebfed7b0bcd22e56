package io.faultline.persistence.checkpoint;

/** Steps a test may leave out to see that another test notices. Reachable from tests only. */
enum CheckpointMutant {
  /** The last event of the last transaction is not applied. */
  ONE_EVENT_SHORT,
  /** Checksums are not looked at. */
  CHECKSUM_UNCHECKED,
  /** Segments go that the oldest checkpoint left still needs. */
  ONE_SEGMENT_TOO_MANY
}
