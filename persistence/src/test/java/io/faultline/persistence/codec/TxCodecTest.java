package io.faultline.persistence.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.inode.Event;
import io.faultline.engine.journal.EventSize;
import io.faultline.engine.journal.Tx;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Goal: a journal written today opens for ever, and no bytes whatever do more harm than a {@link
 * CodecException}. Method: golden bytes, random round trips, and every truncation and many
 * corruptions of a transaction that has every event.
 */
class TxCodecTest {
  /** The bytes of {@link SampleEvents#ALL}. These lines never change; new versions get new ones. */
  private static final List<String> GOLDEN =
      List.of(
          "01010b02ff03e807ffffffff0f0006612fe918e91efd632f4d15",
          "02010205006420ac0c0118e91efd632f4d15",
          "03010200ac0200ffffffffffffffff",
          "04010b0218e91efd632f4d15",
          "05010c0218e91efd632f4d15",
          "06010ba403010218e91efd632f4d1518e91efd632f4d1618e91efd632f4d17",
          "07010b030203e8070201ac02f0a204800100840701",
          "08010b8160030203e8070201ac02f0a20480010084070118e91efd632f4d1518e91efd632f4d16",
          "09010b0305010203e80702802018e91efd632f4d1518e91efd632f4d16",
          "0a010b030500802018e91efd632f4d1518e91efd632f4d16",
          "0b010b0101ac02f0a2048001ffffffffffffffff7f18e91efd632f4d1518e91efd632f4d16",
          "0c010b010203e8070280a00118e91efd632f4d1518e91efd632f4d16",
          "0d010b0305010203e80702802018e91efd632f4d1518e91efd632f4d16",
          "0e010b0305802018e91efd632f4d1518e91efd632f4d16");

  private static byte[] encode(Event event) {
    ByteSink out = new ByteSink(64);
    EventCodec.encode(event, out);
    return out.toByteArray();
  }

  @Test
  void everyEventHasItsGoldenBytes() throws CodecException {
    assertThat(SampleEvents.ALL.stream().map(e -> HexFormat.of().formatHex(encode(e))))
        .containsExactlyElementsOf(GOLDEN);
    for (int i = 0; i < GOLDEN.size(); i++) {
      ByteSource in = new ByteSource(ByteBuffer.wrap(HexFormat.of().parseHex(GOLDEN.get(i))));
      assertThat(EventCodec.decode(in)).isEqualTo(SampleEvents.ALL.get(i));
      assertThat(in.remaining()).isZero();
    }
  }

  @Test
  void everyTypeOfEventHasASample() {
    assertThat(SampleEvents.ALL.stream().map(Object::getClass).distinct())
        .hasSize(Event.class.getPermittedSubclasses().length);
  }

  @Test
  void transactionHasItsGoldenBytes() throws CodecException {
    Tx tx = new Tx(0x0102, 3, List.of(new Event.Moved(12, 2, 1)));
    String golden =
        "01" + "0000000000000102" + "0000000000000003" + "01" + "05010c020000000000000001";
    assertThat(HexFormat.of().formatHex(TxCodec.encode(tx))).isEqualTo(golden);
    assertThat(TxCodec.decode(ByteBuffer.wrap(HexFormat.of().parseHex(golden)))).isEqualTo(tx);
  }

  @Test
  void randomTransactionsComeBackEqualAndWithinTheirEstimate() throws CodecException {
    for (int seed = 0; seed < 3000; seed++) {
      Random r = new Random(seed);
      List<Event> events = new ArrayList<>();
      for (int i = r.nextInt(6); i >= 0; i--) {
        events.add(SampleEvents.random(r));
      }
      for (Event event : events) {
        assertThat((long) encode(event).length)
            .as("seed %s %s", seed, event)
            .isLessThanOrEqualTo(EventSize.upperBoundBytes(event));
      }
      Tx tx = new Tx(r.nextLong(), r.nextLong(), events);
      assertThat(TxCodec.decode(ByteBuffer.wrap(TxCodec.encode(tx))))
          .as("seed %s", seed)
          .isEqualTo(tx);
    }
  }

  @Test
  void everyTruncationIsRefusedByName() {
    byte[] whole = TxCodec.encode(new Tx(1, 1, SampleEvents.ALL));
    for (int length = 0; length < whole.length; length++) {
      ByteBuffer cut = ByteBuffer.wrap(whole, 0, length);
      assertThatThrownBy(() -> TxCodec.decode(cut))
          .as("length %s", length)
          .isInstanceOf(CodecException.class)
          .hasMessageContaining("at byte");
    }
  }

  @Test
  void bytesBehindTheLastEventAreRefused() {
    byte[] whole = TxCodec.encode(new Tx(1, 1, SampleEvents.ALL));
    assertThatThrownBy(
            () -> TxCodec.decode(ByteBuffer.wrap(Arrays.copyOf(whole, whole.length + 1))))
        .isInstanceOf(CodecException.class)
        .hasMessage("1 bytes behind the last event at byte " + whole.length);
  }

  @Test
  void corruptionNeverDoesMoreThanDecodeToSomethingOrRefuse() {
    byte[] whole = TxCodec.encode(new Tx(1, 1, SampleEvents.ALL));
    int refused = 0;
    for (int seed = 0; seed < 20_000; seed++) {
      Random r = new Random(seed);
      byte[] bytes = whole.clone();
      for (int i = r.nextInt(3); i >= 0; i--) {
        bytes[r.nextInt(bytes.length)] = (byte) (r.nextBoolean() ? 0xFF : r.nextInt());
      }
      try {
        // Whatever it decodes to has one form only, so it must be these bytes again.
        assertThat(TxCodec.encode(TxCodec.decode(ByteBuffer.wrap(bytes)))).isEqualTo(bytes);
      } catch (CodecException e) {
        assertThat(e.offset()).as("seed %s", seed).isBetween(0, bytes.length);
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void hugeCountsAreRefusedBeforeAnythingIsAllocated() {
    String header = "01" + "0000000000000001" + "0000000000000001";
    for (String body :
        List.of("ffffffff07", "ffffffffffffffffff01", "0107010bffffffff07", "0102010bffffffff0f")) {
      byte[] bytes = HexFormat.of().parseHex(header + body);
      assertThatThrownBy(() -> TxCodec.decode(ByteBuffer.wrap(bytes)))
          .isInstanceOf(CodecException.class)
          .hasMessageContaining("fit");
    }
  }

  @Test
  void newerVersionsAreRefusedByNumber() {
    assertThatThrownBy(() -> TxCodec.decode(ByteBuffer.wrap(new byte[] {2})))
        .hasMessageContaining("transaction version 2 is unknown");
    byte[] event =
        HexFormat.of().parseHex("01" + "00".repeat(16) + "01" + "05020c02" + "00".repeat(8));
    assertThatThrownBy(() -> TxCodec.decode(ByteBuffer.wrap(event)))
        .hasMessageContaining("event type 5 version 2 is unknown");
  }
}
