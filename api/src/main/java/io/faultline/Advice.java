package io.faultline;

/**
 * What a program announces about its reads, posix_fadvise(2). Never changes what a read returns.
 */
public enum Advice {
  /** Nothing is known: the default readahead window. */
  NORMAL,
  /** From front to back: a larger window. */
  SEQUENTIAL,
  /** Anywhere: no readahead. */
  RANDOM,
  /** Soon: reading the range into the cache begins now, in the background. */
  WILL_NEED,
  /** Not soon: clean cached pages wholly inside the range are let go. */
  DONT_NEED
}
