package io.faultline.engine.namespace;

/** Acquisitions and checks that tests leave out to see that something breaks without them. */
enum Mutant {
  /** A failed lookup is believed although a rename ran meanwhile. */
  NO_SEQUENCE_RETRY,
  /** A directory may be renamed into its own subtree. */
  NO_CYCLE_CHECK,
  /** Renames between directories do not exclude each other. */
  NO_RENAME_LOCK,
  /** What was found without locks is believed under them. */
  NO_SECOND_LOOK
}
