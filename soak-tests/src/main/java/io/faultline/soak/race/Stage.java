package io.faultline.soak.race;

/** What one run plays on, made anew for it: a volume, a page cache, a lock. */
interface Stage {
  /**
   * Sets up and adds the clients and the check. A task of the run, without choices.
   *
   * @throws Exception fails the run
   */
  void cast(Cast cast) throws Exception;

  /**
   * The check has held: what can be closed is. A task of the run, without choices.
   *
   * @throws Exception fails the run
   */
  void close() throws Exception;

  /** After the run, whether it failed or not: what outlives its tasks goes. Does not wait. */
  void abandon();
}
