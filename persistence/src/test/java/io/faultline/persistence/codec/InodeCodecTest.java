package io.faultline.persistence.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.StoredInodes;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.pcollections.TreePMap;

/**
 * Goal: a directory read in part, changed and put back is the one that was changed as a whole; its
 * names are found without it. Method: random directories beside the whole of them.
 */
class InodeCodecTest {
  private static final long INO = 17;

  private final Random random = new Random(7);

  private static Inode.Directory directory(Map<String, Long> entries, int nlink) {
    return new Inode.Directory(
        new Attributes(INO, 0755, 1, 2, nlink, 3, 4, 5, 6),
        2,
        TreePMap.fromSortedMap(new TreeMap<>(entries)));
  }

  /** Names of one and two bytes a char, some of them with one hash: "Aa" and "BB" are such. */
  private String name() {
    StringBuilder name = new StringBuilder();
    for (int i = random.nextInt(5); i >= 0; i--) {
      name.append(random.nextBoolean() ? "Aa" : "BB");
    }
    return name.append(random.nextInt(9) == 0 ? "\u0416" : "")
        .append(random.nextInt(30))
        .toString();
  }

  private Map<String, Long> names(int count) {
    Map<String, Long> names = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      names.put(name(), 20L + random.nextInt(1 << 20));
    }
    return names;
  }

  @Test
  void aDirectoryReadInPartAndPutBackIsTheWholeOne() throws CodecException {
    for (int round = 0; round < 500; round++) {
      Map<String, Long> before = names(random.nextInt(200));
      int residue = random.nextInt(10);
      Predicate<String> wanted = name -> Math.floorMod(name.hashCode(), 10) == residue;
      ByteBuffer bytes = ByteBuffer.wrap(InodeCodec.encode(directory(before, 2)));
      Inode.Directory part =
          (Inode.Directory) InodeCodec.decodePart(INO, bytes.duplicate(), wanted);
      assertThat(part.entries().keySet()).allMatch(wanted);
      Map<String, Long> own = new TreeMap<>(part.entries());
      Map<String, Long> after = new TreeMap<>(before);
      names(40).keySet().stream()
          .filter(wanted)
          .forEach(
              name -> {
                if (own.remove(name) == null) {
                  own.put(name, 5L);
                }
                if (after.remove(name) == null) {
                  after.put(name, 5L);
                }
              });
      byte[] whole = InodeCodec.encode(directory(after, 3));
      ByteBuffer put = InodeCodec.encodePart(directory(own, 3), bytes.duplicate(), wanted);
      assertThat(put).as("round %d", round).isEqualTo(ByteBuffer.wrap(whole));
    }
  }

  @Test
  void aLargeDirectoryInPartIsSmall() throws CodecException {
    Map<String, Long> names = new TreeMap<>();
    for (int i = 0; i < 10_000; i++) {
      names.put("f" + i, 100L + i);
    }
    byte[] bytes = InodeCodec.encode(directory(names, 2));
    Inode part = InodeCodec.decodePart(INO, ByteBuffer.wrap(bytes), "f77"::equals);
    assertThat(((Inode.Directory) part).entries()).isEqualTo(Map.of("f77", 177L));
  }

  @Test
  void namesAreFoundWithoutTheDirectory() throws CodecException {
    Map<String, Long> names = names(300);
    ByteBuffer bytes = ByteBuffer.wrap(InodeCodec.encode(directory(names, 2)));
    Map<String, Long> found = new TreeMap<>();
    InodeCodec.names(bytes.duplicate(), child -> child % 3 == 0, found::put);
    Map<String, Long> expected = new TreeMap<>(names);
    expected.values().removeIf(child -> child % 3 != 0);
    assertThat(found).isEqualTo(expected);
    byte[] cut = java.util.Arrays.copyOf(bytes.array(), bytes.array().length - 1);
    assertThatThrownBy(() -> InodeCodec.names(ByteBuffer.wrap(cut), child -> true, found::put))
        .isInstanceOf(CodecException.class);
  }

  @Test
  void whatIsNotWantedIsNotDecoded() throws CodecException {
    byte[] bytes = InodeCodec.encode(directory(Map.of("a", 1L), 2));
    byte[] head = java.util.Arrays.copyOf(bytes, 8);
    StoredInodes.Wanted orphans = (kind, nlink) -> nlink == 0;
    assertThat(InodeCodec.decode(INO, ByteBuffer.wrap(head), orphans)).isNull();
    assertThat(InodeCodec.decode(INO, ByteBuffer.wrap(bytes)))
        .isEqualTo(directory(Map.of("a", 1L), 2));
  }
}
