package io.faultline.cli;

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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.OpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Carries out operations on one volume and words their answers. Keeps no file open between lines.
 */
final class OpsSession {
  private static final int BUFFER_BYTES = 1 << 20;

  private final Volume volume;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

  OpsSession(Volume volume) {
    this.volume = volume;
  }

  /** The answer to one operation, without a line end: {@code OK …} or {@code ERR ERRNO text}. */
  String answer(Op op) {
    try {
      String result = carryOut(op);
      return result.isEmpty() ? "OK" : "OK " + result;
    } catch (ErrnoException failure) {
      return error(failure.errno(), String.valueOf(failure.getMessage()));
    } catch (IOException failure) {
      return error(Errno.EIO, String.valueOf(failure.getMessage()));
    }
  }

  /** {@code ERR ERRNO text}, in one line and without the errno twice. */
  static String error(Errno errno, String message) {
    String text =
        message.startsWith(errno + " ") ? message.substring(errno.name().length() + 1) : message;
    return "ERR " + errno + " " + text.replaceAll("\\R+", " ");
  }

  private String carryOut(Op op) throws IOException {
    return switch (op) {
      case Op.Create o -> done(() -> volume.create(o.path(), 0644));
      case Op.Mkdir o -> done(() -> volume.mkdir(o.path()));
      case Op.Unlink o -> done(() -> volume.unlink(o.path()));
      case Op.Rmdir o -> done(() -> volume.rmdir(o.path()));
      case Op.Rename o -> done(() -> volume.rename(o.from(), o.to()));
      case Op.Link o -> done(() -> volume.link(o.existing(), o.newPath()));
      case Op.Symlink o -> done(() -> volume.symlink(o.target(), o.path()));
      case Op.Write o -> write(o);
      case Op.Append o -> append(o);
      case Op.Read o -> read(o);
      case Op.Truncate o -> truncate(o);
      case Op.Punch o -> changed(o.path(), file -> file.punchHole(o.offset(), o.length()));
      case Op.Zero o ->
          changed(o.path(), file -> file.zeroRange(o.offset(), o.length(), o.keepSize()));
      case Op.Allocate o ->
          changed(o.path(), file -> file.allocate(o.offset(), o.length(), o.keepSize()));
      case Op.Collapse o -> changed(o.path(), file -> file.collapseRange(o.offset(), o.length()));
      case Op.Insert o -> changed(o.path(), file -> file.insertRange(o.offset(), o.length()));
      case Op.CloneRange o -> cloneRange(o);
      case Op.Dedupe o -> dedupe(o);
      case Op.SeekData o -> looked(o.path(), file -> Long.toString(file.seekData(o.offset())));
      case Op.SeekHole o -> looked(o.path(), file -> Long.toString(file.seekHole(o.offset())));
      case Op.Extents o -> looked(o.path(), OpsSession::extents);
      case Op.Stat o -> stat(volume.stat(o.path()));
      case Op.Ls o -> list(o.path());
      case Op.Fsync o -> looked(o.path(), OpsSession::synced);
      case Op.Sync() -> done(volume::sync);
      case Op.DropCaches() -> done(volume::dropCaches);
    };
  }

  private interface Act {
    void run() throws IOException;
  }

  private interface Change {
    void apply(OpenFile file) throws IOException;
  }

  private interface Look {
    String apply(OpenFile file) throws IOException;
  }

  private static String done(Act act) throws IOException {
    act.run();
    return "";
  }

  private String changed(String path, Change change) throws IOException {
    try (OpenFile file = volume.open(path, READ, WRITE)) {
      change.apply(file);
      return "";
    }
  }

  private String looked(String path, Look look) throws IOException {
    try (OpenFile file = volume.open(path, READ)) {
      return look.apply(file);
    }
  }

  private static String synced(OpenFile file) throws IOException {
    file.sync();
    return "";
  }

  private String write(Op.Write op) throws IOException {
    checkLength("write", op.length());
    try (OpenFile file = volume.open(op.path(), CREATE, WRITE)) {
      return store(
          op.length(),
          op.value(),
          (bytes, done) -> file.write(bytes, Math.addExact(op.offset(), done)));
    } catch (ArithmeticException tooFar) {
      throw new ErrnoException(
          Errno.EFBIG, "write", ErrnoException.NONE, op.offset(), op.length(), "");
    }
  }

  private String append(Op.Append op) throws IOException {
    checkLength("append", op.length());
    OpenOption[] options = {APPEND};
    try (OpenFile file = volume.open(op.path(), options)) {
      return store(
          op.length(),
          op.value(),
          (bytes, done) -> {
            int before = bytes.remaining();
            file.append(bytes);
            return before - bytes.remaining();
          });
    }
  }

  private interface Store {
    int apply(ByteBuffer bytes, long done) throws IOException;
  }

  /** Stores as write(2) counts: a failure behind the first byte shows as a smaller count. */
  private String store(long length, byte value, Store store) throws IOException {
    fill(value, (int) Math.min(BUFFER_BYTES, length));
    long done = 0;
    do {
      buffer.position(0).limit((int) Math.min(BUFFER_BYTES, length - done));
      int stored;
      try {
        stored = store.apply(buffer, done);
      } catch (ErrnoException failure) {
        if (done == 0) {
          throw failure;
        }
        break;
      }
      done += stored;
      if (stored == 0) {
        break;
      }
    } while (done < length);
    return Long.toString(done);
  }

  private void fill(byte value, int length) {
    byte[] line = new byte[4096];
    Arrays.fill(line, value);
    buffer.clear();
    while (buffer.position() < length) {
      buffer.put(line, 0, Math.min(line.length, length - buffer.position()));
    }
  }

  private String read(Op.Read op) throws IOException {
    checkLength("read", op.length());
    MessageDigest digest = sha256();
    long done = 0;
    try (OpenFile file = volume.open(op.path(), READ)) {
      while (done < op.length()) {
        buffer.clear().limit((int) Math.min(BUFFER_BYTES, op.length() - done));
        int read = readAt(file, op.offset() + done, done);
        if (read <= 0) {
          break;
        }
        digest.update(buffer.flip());
        done += read;
      }
    }
    return done + " " + HexFormat.of().formatHex(digest.digest());
  }

  /** Like read(2): an error behind the first byte ends the read, the next one tells it. */
  private int readAt(OpenFile file, long position, long done) throws IOException {
    try {
      return file.read(buffer, position);
    } catch (ErrnoException failure) {
      if (done == 0) {
        throw failure;
      }
      return -1;
    }
  }

  /** As truncate(2): a negative size is wrong whether or not the file is there. */
  private String truncate(Op.Truncate op) throws IOException {
    if (op.size() < 0) {
      throw new ErrnoException(
          Errno.EINVAL, "truncate", ErrnoException.NONE, op.size(), ErrnoException.NONE, "");
    }
    return changed(op.path(), file -> file.truncate(op.size()));
  }

  private String cloneRange(Op.CloneRange op) throws IOException {
    try (OpenFile source = volume.open(op.source(), READ);
        OpenFile target = volume.open(op.path(), READ, WRITE)) {
      target.cloneRange(source, op.sourceOffset(), op.offset(), op.length());
      return "";
    }
  }

  private String dedupe(Op.Dedupe op) throws IOException {
    try (OpenFile source = volume.open(op.source(), READ);
        OpenFile target = volume.open(op.path(), READ, WRITE)) {
      return Long.toString(target.dedupeRange(source, op.sourceOffset(), op.offset(), op.length()));
    }
  }

  private String list(String path) throws IOException {
    return volume.list(path).stream()
        .map(DirectoryEntry::name)
        .sorted()
        .map(Names::encode)
        .collect(Collectors.joining(" "));
  }

  private static String extents(OpenFile file) throws IOException {
    return file.extents().stream().map(OpsSession::extent).collect(Collectors.joining(","));
  }

  /** One extent as {@code off:len:state}. */
  static String extent(FileExtent extent) {
    return extent.offset()
        + ":"
        + extent.length()
        + ":"
        + extent.state().name().toLowerCase(Locale.ROOT);
  }

  /** A status as {@code size= blocks= mode= nlink= ino=}. */
  static String stat(FileStatus status) {
    return "size="
        + status.sizeBytes()
        + " blocks="
        + status.blocks()
        + " mode="
        + Integer.toOctalString(status.typedMode())
        + " nlink="
        + status.nlink()
        + " ino="
        + status.ino();
  }

  private static void checkLength(String operation, long length) throws ErrnoException {
    if (length < 0) {
      throw new ErrnoException(Errno.EINVAL, operation, "length " + length + " is negative");
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }
}
