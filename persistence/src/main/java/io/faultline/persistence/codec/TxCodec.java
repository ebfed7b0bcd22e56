package io.faultline.persistence.codec;

import io.faultline.engine.inode.Event;
import io.faultline.engine.journal.EventSize;
import io.faultline.engine.journal.Tx;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The binary form of a transaction, the payload of a journal record.
 *
 * <pre>
 *  +---------+---------+---------+------------------+---------+-----+---------+
 *  | version |   lsn   |  epoch  | count of events  | event 1 | ... | event n |
 *  | u8 = 1  |   i64   |   i64   |      varint      |         |     |         |
 *  +---------+---------+---------+------------------+---------+-----+---------+
 *  0         1         9         17
 * </pre>
 *
 * <p>{@code i64} is most significant byte first. The record around it carries the checksum.
 * Decoding trusts nothing all the same: a body that is not one gives a {@link CodecException} with
 * the offset.
 */
public final class TxCodec {
  /** The Akka serializer id of transactions. Part of the format: never changes. */
  public static final int SERIALIZER_ID = 0x464C_5458;

  /** The Akka manifest of this form. A new form gets a new one; this one stays readable. */
  public static final String MANIFEST = "T1";

  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 18;

  private TxCodec() {}

  public static byte[] encode(Tx tx) {
    long expected = HEADER_BYTES + EventSize.upperBoundBytes(tx.events()) / 2;
    ByteSink out = new ByteSink((int) Math.min(expected, 1 << 20));
    out.u8(VERSION);
    out.i64(tx.lsn());
    out.i64(tx.epoch());
    out.varint(tx.events().size());
    for (Event event : tx.events()) {
      EventCodec.encode(event, out);
    }
    return out.toByteArray();
  }

  /** Reads the whole of {@code in}. */
  public static Tx decode(ByteBuffer in) throws CodecException {
    ByteSource source = new ByteSource(in);
    int version = source.u8();
    if (version != VERSION) {
      throw new CodecException("transaction version " + version + " is unknown", 0);
    }
    long lsn = source.i64();
    long epoch = source.i64();
    int count = source.count(source.remaining() / EventCodec.EVENT_BYTES_MIN, "events");
    List<Event> events = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      events.add(EventCodec.decode(source));
    }
    if (source.remaining() > 0) {
      throw new CodecException(
          source.remaining() + " bytes behind the last event", source.offset());
    }
    return new Tx(lsn, epoch, events);
  }
}
