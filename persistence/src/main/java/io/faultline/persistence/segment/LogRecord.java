package io.faultline.persistence.segment;

import java.nio.ByteBuffer;

/**
 * One record of the journal.
 *
 * @param lsn the transaction's number
 * @param epoch the opening of the volume that wrote it
 * @param syncedLsn the newest transaction that was durable when this record was written
 * @param serializerId how the payload was made
 * @param manifest how the payload was made
 * @param payload read-only; valid only until the scanner moves on
 * @param segment file name
 * @param offset bytes from the beginning of the segment
 */
public record LogRecord(
    long lsn,
    long epoch,
    long syncedLsn,
    int serializerId,
    String manifest,
    ByteBuffer payload,
    String segment,
    long offset) {}
