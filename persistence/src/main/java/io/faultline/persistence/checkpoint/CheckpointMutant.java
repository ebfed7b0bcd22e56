package io.faultline.persistence.checkpoint;

/** Steps a test may leave out to see that another test notices. Reachable from tests only. */
enum CheckpointMutant {
  /** R13: the file gets its name before its bytes are synced. */
  NO_SYNC_BEFORE_RENAME,
  /** R13: segments go although the directory with the new checkpoint is not synced. */
  NO_DIRECTORY_SYNC,
  /** The last event of the last transaction is not applied. */
  ONE_EVENT_SHORT,
  /** Checksums are not looked at. */
  CHECKSUM_UNCHECKED,
  /** Segments go that the oldest checkpoint left still needs. */
  ONE_SEGMENT_TOO_MANY
}
