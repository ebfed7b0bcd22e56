package io.faultline.persistence.segment;

/**
 * A place in a journal that something outside of it vouches for: where a scan may begin instead of
 * at the first transaction.
 *
 * @param lsn the transaction; 0 is the beginning, before the first
 * @param crc the checksum that ends its record
 * @param epoch the opening of the volume that wrote it
 */
public record JournalAnchor(long lsn, int crc, long epoch) {
  /** The beginning of every journal. */
  public static final JournalAnchor BEGINNING = new JournalAnchor(0, 0, 0);

  public JournalAnchor {
    if (lsn < 0) {
      throw new IllegalArgumentException("transaction " + lsn);
    }
  }
}
