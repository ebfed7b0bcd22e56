package io.faultline.soak.differential;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.faultline.DirectoryEntry;
import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.FileExtent;
import io.faultline.FileStatus;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.soak.model.OpLine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.stream.Collectors;

/** Carries out lines of the {@code ops} grammar on a volume through its public interfaces. */
final class VolumeAnswers {
  private final Volume volume;

  VolumeAnswers(Volume volume) {
    this.volume = volume;
  }

  /** {@code OK …} or {@code ERR ERRNO text}; a failure without an errno fails the test. */
  String answer(OpLine op) throws IOException {
    try {
      return ("OK " + carryOut(op)).strip();
    } catch (ErrnoException e) {
      return "ERR " + e.errno() + " " + e.getMessage();
    }
  }

  private interface Act {
    void run() throws IOException;
  }

  private interface OnFile<T> {
    T apply(OpenFile file) throws IOException;
  }

  private static String done(Act act) throws IOException {
    act.run();
    return "";
  }

  private String read(String path, OnFile<?> look) throws IOException {
    try (OpenFile file = volume.open(path, READ)) {
      return String.valueOf(look.apply(file));
    }
  }

  private interface Change {
    void apply(OpenFile file) throws IOException;
  }

  private String change(String path, Change change) throws IOException {
    try (OpenFile file = volume.open(path, READ, WRITE)) {
      change.apply(file);
      return "";
    }
  }

  private String carryOut(OpLine op) throws IOException {
    return switch (op) {
      case OpLine.Create o -> done(() -> volume.create(o.path(), 0644));
      case OpLine.Mkdir o -> done(() -> volume.mkdir(o.path()));
      case OpLine.Unlink o -> done(() -> volume.unlink(o.path()));
      case OpLine.Rmdir o -> done(() -> volume.rmdir(o.path()));
      case OpLine.Rename o -> done(() -> volume.rename(o.from(), o.to()));
      case OpLine.Link o -> done(() -> volume.link(o.existing(), o.path()));
      case OpLine.Symlink o -> done(() -> volume.symlink(o.target(), o.path()));
      case OpLine.Write o -> write(o);
      case OpLine.Append o -> append(o);
      case OpLine.Read o -> read(o);
      case OpLine.Truncate o -> truncate(o);
      case OpLine.Punch o -> change(o.path(), f -> f.punchHole(o.offset(), o.length()));
      case OpLine.Zero o -> change(o.path(), f -> f.zeroRange(o.offset(), o.length(), o.keep()));
      case OpLine.Allocate o -> change(o.path(), f -> f.allocate(o.offset(), o.length(), o.keep()));
      case OpLine.Collapse o -> change(o.path(), f -> f.collapseRange(o.offset(), o.length()));
      case OpLine.Insert o -> change(o.path(), f -> f.insertRange(o.offset(), o.length()));
      case OpLine.CloneRange o -> {
        try (OpenFile source = volume.open(o.from(), READ)) {
          yield change(o.to(), f -> f.cloneRange(source, o.fromOffset(), o.toOffset(), o.length()));
        }
      }
      case OpLine.DedupeRange o -> {
        try (OpenFile source = volume.open(o.from(), READ)) {
          yield change(
              o.to(), f -> f.dedupeRange(source, o.fromOffset(), o.toOffset(), o.length()));
        }
      }
      case OpLine.SeekData o -> read(o.path(), f -> f.seekData(o.offset()));
      case OpLine.SeekHole o -> read(o.path(), f -> f.seekHole(o.offset()));
      case OpLine.Extents o -> read(o.path(), VolumeAnswers::extents);
      case OpLine.StatPath o -> stat(volume.stat(o.path()));
      case OpLine.Ls o ->
          volume.list(o.path()).stream()
              .map(DirectoryEntry::name)
              .map(VolumeAnswers::encoded)
              .collect(Collectors.joining(" "));
      case OpLine.Fsync o ->
          read(
              o.path(),
              f -> {
                f.sync();
                return "";
              });
      case OpLine.Sync o -> done(volume::sync);
      case OpLine.DropCaches o -> done(volume::dropCaches);
    };
  }

  /** truncate(2) looks at the size before it looks for the file; ftruncate(2) has no choice. */
  private String truncate(OpLine.Truncate o) throws IOException {
    if (o.sizeBytes() < 0) {
      throw new ErrnoException(Errno.EINVAL, "truncate", "negative size");
    }
    return change(o.path(), f -> f.truncate(o.sizeBytes()));
  }

  /** The count is looked at after the file, as in the system call. */
  private static ByteBuffer filled(long length, int value) throws ErrnoException {
    if (length < 0) {
      throw new ErrnoException(Errno.EINVAL, "write", "negative length");
    }
    byte[] bytes = new byte[Math.toIntExact(length)];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private String write(OpLine.Write o) throws IOException {
    try (OpenFile file = volume.open(o.path(), CREATE, WRITE)) {
      ByteBuffer bytes = filled(o.length(), o.value());
      return String.valueOf(file.write(bytes, o.offset()));
    }
  }

  private String append(OpLine.Append o) throws IOException {
    try (OpenFile file = volume.open(o.path(), APPEND)) {
      ByteBuffer bytes = filled(o.length(), o.value());
      file.append(bytes);
      return String.valueOf(bytes.position());
    }
  }

  private String read(OpLine.Read o) throws IOException {
    try (OpenFile file = volume.open(o.path(), READ)) {
      ByteBuffer bytes = filled(o.length(), 0);
      int n = Math.max(0, file.read(bytes, o.offset()));
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes.flip());
      return n + " " + HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As FIEMAP_FLAG_SYNC: what only memory knows is no extent yet, but the model has no memory. */
  private static String extents(OpenFile file) throws IOException {
    file.sync();
    return file.extents().stream().map(VolumeAnswers::extent).collect(Collectors.joining(","));
  }

  private static String extent(FileExtent e) {
    return e.offset() + ":" + e.length() + ":" + e.state().name().toLowerCase(Locale.ROOT);
  }

  private static String stat(FileStatus s) {
    return String.format(
        Locale.ROOT,
        "size=%d blocks=%d mode=%o nlink=%d ino=%d",
        s.sizeBytes(),
        s.blocks(),
        s.typedMode(),
        s.nlink(),
        s.ino());
  }

  private static String encoded(String name) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean plain = c > ' ' && c != '%' && c != 0x7f;
      text.append(plain ? String.valueOf(c) : String.format(Locale.ROOT, "%%%02X", (int) c));
    }
    return text.toString();
  }
}
