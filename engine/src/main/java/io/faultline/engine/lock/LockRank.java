package io.faultline.engine.lock;

/**
 * The lock order, outermost first (DESIGN §5). A thread takes a lock only while every lock it holds
 * has a smaller rank, or the same rank and a smaller id where {@link #ascending} allows that.
 */
public enum LockRank {
  /** The volume's rename lock; id is 0. */
  RENAME(0, false),
  /** {@link IoLock}; id is the inode number. */
  IO(1, true),
  /** {@link WriteRangeLock}; id is the inode number. */
  WRITE_RANGE(2, false),
  /** {@link MappingLock}; id is the inode number. */
  MAPPING(3, true),
  /** The LOCK bit of a slot word; id is the page index. */
  SLOT(4, true),
  /** The one publisher lock of an inode (R7); id is the inode number. */
  INODE_STATE(5, true),
  /** An allocation group; id is its number. */
  ALLOCATION_GROUP(6, true),
  /** The running transaction's buffer; id is 0. Innermost: nothing is taken under it. */
  RUNNING_TRANSACTION(7, false);

  private final int position;
  private final boolean ascending;

  LockRank(int position, boolean ascending) {
    this.position = position;
    this.ascending = ascending;
  }

  /**
   * Place in the order.
   *
   * @return 0 for the outermost rank, increasing inwards
   */
  public int position() {
    return position;
  }

  /**
   * Whether one thread may hold several locks of this rank, taken by ascending id.
   *
   * @return false when it may hold one only
   */
  public boolean ascending() {
    return ascending;
  }
}
