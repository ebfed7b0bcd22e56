package io.faultline.soak.crash;

import io.faultline.soak.crash.TapeEvent.Change;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the media hold at one moment: the image's blocks, names and files. Copies are cheap, since
 * contents are shared. Not thread-safe.
 */
final class MediaState {
  private final Block[] blocks;
  private final SortedMap<String, Integer> names;
  private final Map<Integer, byte[]> files;
  private long imageHash;

  private MediaState(
      Block[] blocks,
      SortedMap<String, Integer> names,
      Map<Integer, byte[]> files,
      long imageHash) {
    this.blocks = blocks;
    this.names = names;
    this.files = files;
    this.imageHash = imageHash;
  }

  /** An image full of {@code stale} bytes and no file. */
  static MediaState fresh(int blocks, byte stale) {
    Block[] all = new Block[blocks];
    Arrays.fill(all, Block.filled(stale));
    return new MediaState(all, new TreeMap<>(), new HashMap<>(), 0);
  }

  MediaState copy() {
    return new MediaState(blocks.clone(), new TreeMap<>(names), new HashMap<>(files), imageHash);
  }

  int blocks() {
    return blocks.length;
  }

  Block block(int number) {
    return blocks[number];
  }

  SortedMap<String, Integer> names() {
    return names;
  }

  /** The bytes of a file, of which nothing may be changed; null if there is none of that name. */
  byte @Nullable [] file(String path) {
    Integer file = names.get(path);
    return file == null ? null : bytes(file);
  }

  byte[] bytes(int file) {
    return files.getOrDefault(file, new byte[0]);
  }

  void put(int number, Block content) {
    long before = Hashes.mix(number * 31L ^ blocks[number].hash());
    blocks[number] = content;
    imageHash += Hashes.mix(number * 31L ^ content.hash()) - before;
  }

  /** Carries a change out. */
  void apply(Change change) {
    switch (change) {
      case TapeEvent.ImageWritten w -> {
        for (int i = 0; i < w.blocks().size(); i++) {
          put(w.first() + i, w.blocks().get(i));
        }
      }
      case TapeEvent.BlockWritten w -> put(w.block(), w.content());
      case TapeEvent.FileCreated c -> names.put(c.path(), c.file());
      case TapeEvent.FileWritten w -> write(w.file(), w.position(), w.bytes(), w.bytes().length);
      case TapeEvent.FileCut c -> {
        if (c.length() < bytes(c.file()).length) {
          files.put(c.file(), Arrays.copyOf(bytes(c.file()), c.length()));
        }
      }
      case TapeEvent.NameRemoved r -> names.remove(r.path());
      case TapeEvent.NameMoved m -> {
        names.remove(m.from());
        names.put(m.to(), m.file());
      }
    }
  }

  /**
   * Carries the beginning of a change out: of a block {@code amount} sectors, of a write to a file
   * {@code amount} bytes; of a write to a file with a negative amount only the length that it gives
   * the file, as a host may leave it that had not written the bytes yet.
   */
  void applyTorn(Change change, int amount) {
    switch (change) {
      case TapeEvent.BlockWritten w ->
          put(w.block(), w.content().tornOver(blocks[w.block()], amount));
      case TapeEvent.FileWritten w -> {
        if (amount >= 0) {
          write(w.file(), w.position(), w.bytes(), amount);
        } else {
          int end = w.position() + w.bytes().length;
          byte[] now = bytes(w.file());
          files.put(w.file(), Arrays.copyOf(now, Math.max(now.length, end)));
        }
      }
      default -> throw new IllegalArgumentException("cannot be torn: " + change);
    }
  }

  private void write(int file, int position, byte[] from, int count) {
    byte[] now = bytes(file);
    byte[] next = Arrays.copyOf(now, Math.max(now.length, position + count));
    System.arraycopy(from, 0, next, position, count);
    files.put(file, next);
  }

  /** Tells files and names apart from those of other states. */
  long filesHash() {
    long hash = 0;
    for (Map.Entry<String, Integer> name : names.entrySet()) {
      byte[] bytes = bytes(name.getValue());
      // The image's length is all that is looked at of it.
      long content = bytes.length > 1 << 18 ? bytes.length : Hashes.of(bytes, bytes.length);
      hash += Hashes.mix(name.getKey().hashCode() * 0x100000001L ^ content);
    }
    return hash;
  }

  /** Tells this state apart from others of the same campaign. */
  long hash() {
    return Hashes.mix(imageHash) + filesHash();
  }
}
