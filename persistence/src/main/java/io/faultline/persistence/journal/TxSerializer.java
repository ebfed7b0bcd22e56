package io.faultline.persistence.journal;

import akka.serialization.SerializerWithStringManifest;
import io.faultline.engine.journal.Tx;
import io.faultline.persistence.codec.TxCodec;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;

/** Transactions for Akka, whichever journal plugin keeps them. Stateless and thread-safe. */
public final class TxSerializer extends SerializerWithStringManifest {
  @Override
  public int identifier() {
    return TxCodec.SERIALIZER_ID;
  }

  @Override
  public String manifest(Object event) {
    return TxCodec.MANIFEST;
  }

  @Override
  public byte[] toBinary(Object event) {
    if (event instanceof Tx tx) {
      return TxCodec.encode(tx);
    }
    throw new IllegalArgumentException("not a transaction: " + event.getClass().getName());
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    if (!manifest.equals(TxCodec.MANIFEST)) {
      throw new NotSerializableException("transaction form " + manifest + " is unknown");
    }
    try {
      return TxCodec.decode(ByteBuffer.wrap(bytes));
    } catch (java.io.IOException e) {
      NotSerializableException refused = new NotSerializableException(e.getMessage());
      refused.initCause(e);
      throw refused;
    }
  }
}
