package io.faultline.soak.model;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Runs lines of the {@code ops} grammar on a {@link ModelFilesystem} and answers each as the {@code
 * ops} verb does: {@code OK …} or {@code ERR ERRNO text}. A line that is no operation answers
 * {@code ERR EINVAL}. Not thread-safe.
 */
public final class ModelRunner {

  private static final Map<String, String> TEXTS =
      Map.ofEntries(
          Map.entry("EBUSY", "device or resource busy"),
          Map.entry("EEXIST", "file exists"),
          Map.entry("EFBIG", "file too large"),
          Map.entry("EINVAL", "invalid argument"),
          Map.entry("EISDIR", "is a directory"),
          Map.entry("ELOOP", "too many levels of symbolic links"),
          Map.entry("EMLINK", "too many links"),
          Map.entry("ENAMETOOLONG", "file name too long"),
          Map.entry("ENOENT", "no such file or directory"),
          Map.entry("ENOTDIR", "not a directory"),
          Map.entry("ENOTEMPTY", "directory not empty"),
          Map.entry("ENXIO", "no such device or address"),
          Map.entry("EOPNOTSUPP", "operation not supported"),
          Map.entry("EPERM", "operation not permitted"));

  private final ModelFilesystem filesystem;

  /** Runs on {@code filesystem}, which keeps what the lines did. */
  public ModelRunner(ModelFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /** Answers one line. */
  public String answer(String line) {
    OpLine op;
    try {
      op = OpLine.parse(line);
    } catch (IllegalArgumentException e) {
      return "ERR EINVAL " + e.getMessage();
    }
    return answer(op);
  }

  /** Answers one operation. */
  public String answer(OpLine op) {
    ModelFilesystem fs = filesystem;
    return switch (op) {
      case OpLine.Create o -> done(fs.create(o.path()));
      case OpLine.Mkdir o -> done(fs.mkdir(o.path()));
      case OpLine.Unlink o -> done(fs.unlink(o.path()));
      case OpLine.Rmdir o -> done(fs.rmdir(o.path()));
      case OpLine.Rename o -> done(fs.rename(o.from(), o.to()));
      case OpLine.Link o -> done(fs.link(o.existing(), o.path()));
      case OpLine.Symlink o -> done(fs.symlink(o.target(), o.path()));
      case OpLine.Write o ->
          text(fs.write(o.path(), o.offset(), o.length(), (byte) o.value()), String::valueOf);
      case OpLine.Append o ->
          text(fs.append(o.path(), o.length(), (byte) o.value()), String::valueOf);
      case OpLine.Read o ->
          text(fs.read(o.path(), o.offset(), o.length()), b -> b.length + " " + sha256(b));
      case OpLine.Truncate o -> done(fs.truncate(o.path(), o.sizeBytes()));
      case OpLine.Punch o -> done(fs.punch(o.path(), o.offset(), o.length()));
      case OpLine.Zero o -> done(fs.zero(o.path(), o.offset(), o.length(), o.keep()));
      case OpLine.Allocate o -> done(fs.allocate(o.path(), o.offset(), o.length(), o.keep()));
      case OpLine.Collapse o -> done(fs.collapse(o.path(), o.offset(), o.length()));
      case OpLine.Insert o -> done(fs.insert(o.path(), o.offset(), o.length()));
      case OpLine.CloneRange o -> done(fs.cloneRange(o.from(), o.to()));
      case OpLine.DedupeRange o -> done(fs.cloneRange(o.from(), o.to()));
      case OpLine.SeekData o -> text(fs.seekData(o.path(), o.offset()), String::valueOf);
      case OpLine.SeekHole o -> text(fs.seekHole(o.path(), o.offset()), String::valueOf);
      case OpLine.Extents o -> text(fs.extents(o.path()), ModelRunner::extentsText);
      case OpLine.StatPath o -> text(fs.stat(o.path()), ModelRunner::statText);
      case OpLine.Ls o -> text(fs.list(o.path()), ModelRunner::namesText);
      case OpLine.Fsync o -> done(fs.stat(o.path()));
      case OpLine.Sync o -> "OK";
      case OpLine.DropCaches o -> "OK";
    };
  }

  private static String done(Outcome<?> outcome) {
    return text(outcome, value -> "");
  }

  private static <T> String text(Outcome<T> outcome, Function<T, String> payload) {
    return switch (outcome) {
      case Outcome.Ok<T>(T value) -> ("OK " + payload.apply(value)).strip();
      case Outcome.Err<T>(String errno) -> "ERR " + errno + " " + TEXTS.getOrDefault(errno, errno);
    };
  }

  private static String statText(Stat stat) {
    return String.format(
        Locale.ROOT,
        "size=%d blocks=%d mode=%o nlink=%d ino=%d",
        stat.sizeBytes(),
        stat.blocks(),
        stat.mode(),
        stat.links(),
        stat.inode());
  }

  private static String extentsText(List<Extent> extents) {
    return extents.stream()
        .map(
            e ->
                e.offsetBytes()
                    + ":"
                    + e.lengthBytes()
                    + ":"
                    + e.state().name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(","));
  }

  private static String namesText(List<String> names) {
    return names.stream().map(Words::encode).collect(Collectors.joining(" "));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
