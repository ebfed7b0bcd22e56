package io.faultline.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The language of {@code faultline ops}: one operation a line, words separated by spaces or tabs.
 * {@code P} and {@code Q} are absolute paths, {@code T} any text, each with {@code %XX} for a byte;
 * numbers are {@code -?[0-9]+}; {@code BYTE} is 0 to 255. Of two paths the source or the old name
 * comes first.
 */
final class OpsGrammar {

  /** A line that is not of the language; the message is the usage of what it seems to mean. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;

    Malformed(String usage) {
      super(usage);
    }
  }

  private record Form(String usage, List<String> words, Function<Arguments, Op> maker) {
    boolean takes(int arguments) {
      return arguments == words.size() || (hasKeep() && arguments == words.size() - 1);
    }

    private boolean hasKeep() {
      return !words.isEmpty() && words.getLast().equals("[keep]");
    }
  }

  /** The words behind the verb, read by the letter the usage gives them. */
  private record Arguments(Form form, List<String> words) {
    String path(int index) {
      String path = text(index);
      if (!path.startsWith("/")) {
        throw new IllegalArgumentException(path + " is not an absolute path");
      }
      return path;
    }

    String text(int index) {
      return Names.decode(words.get(index));
    }

    long number(int index) {
      String word = words.get(index);
      // parseLong would take +5 and the digits of other scripts as well.
      if (!NUMBER.matcher(word).matches()) {
        throw new IllegalArgumentException(word + " is not a number");
      }
      return Long.parseLong(word);
    }

    byte value(int index) {
      long value = number(index);
      if (value < 0 || value > 255) {
        throw new IllegalArgumentException("BYTE is 0 to 255");
      }
      return (byte) value;
    }

    boolean keep() {
      if (words.size() < form.words.size()) {
        return false;
      }
      if (!words.getLast().equals("keep")) {
        throw new IllegalArgumentException(words.getLast());
      }
      return true;
    }
  }

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]+");
  private static final Map<String, Form> FORMS = new TreeMap<>();

  static {
    form("create P", a -> new Op.Create(a.path(0)));
    form("mkdir P", a -> new Op.Mkdir(a.path(0)));
    form("unlink P", a -> new Op.Unlink(a.path(0)));
    form("rmdir P", a -> new Op.Rmdir(a.path(0)));
    form("rename P Q", a -> new Op.Rename(a.path(0), a.path(1)));
    form("link P Q", a -> new Op.Link(a.path(0), a.path(1)));
    form("symlink T P", a -> new Op.Symlink(a.text(0), a.path(1)));
    form(
        "write P OFF LEN BYTE", a -> new Op.Write(a.path(0), a.number(1), a.number(2), a.value(3)));
    form("append P LEN BYTE", a -> new Op.Append(a.path(0), a.number(1), a.value(2)));
    form("read P OFF LEN", a -> new Op.Read(a.path(0), a.number(1), a.number(2)));
    form("truncate P SIZE", a -> new Op.Truncate(a.path(0), a.number(1)));
    form("punch P OFF LEN", a -> new Op.Punch(a.path(0), a.number(1), a.number(2)));
    form("zero P OFF LEN [keep]", a -> new Op.Zero(a.path(0), a.number(1), a.number(2), a.keep()));
    form(
        "allocate P OFF LEN [keep]",
        a -> new Op.Allocate(a.path(0), a.number(1), a.number(2), a.keep()));
    form("collapse P OFF LEN", a -> new Op.Collapse(a.path(0), a.number(1), a.number(2)));
    form("insert P OFF LEN", a -> new Op.Insert(a.path(0), a.number(1), a.number(2)));
    form(
        "clone P OFF Q OFF LEN",
        a -> new Op.CloneRange(a.path(0), a.number(1), a.path(2), a.number(3), a.number(4)));
    form(
        "dedupe P OFF Q OFF LEN",
        a -> new Op.Dedupe(a.path(0), a.number(1), a.path(2), a.number(3), a.number(4)));
    form("seek-data P OFF", a -> new Op.SeekData(a.path(0), a.number(1)));
    form("seek-hole P OFF", a -> new Op.SeekHole(a.path(0), a.number(1)));
    form("extents P", a -> new Op.Extents(a.path(0)));
    form("stat P", a -> new Op.Stat(a.path(0)));
    form("ls P", a -> new Op.Ls(a.path(0)));
    form("fsync P", a -> new Op.Fsync(a.path(0)));
    form("sync", a -> new Op.Sync());
    form("drop-caches", a -> new Op.DropCaches());
  }

  private OpsGrammar() {}

  private static void form(String usage, Function<Arguments, Op> maker) {
    List<String> words = words(usage);
    FORMS.put(words.getFirst(), new Form(usage, words.subList(1, words.size()), maker));
  }

  /** Every form of line, sorted. */
  static List<String> usages() {
    return FORMS.values().stream().map(Form::usage).toList();
  }

  /**
   * Reads one line.
   *
   * @return empty for a blank line and for a comment, which begins with #
   */
  static Optional<Op> parse(String line) throws Malformed {
    List<String> words = words(line);
    if (words.isEmpty() || words.getFirst().startsWith("#")) {
      return Optional.empty();
    }
    Form form = FORMS.get(words.getFirst());
    if (form == null) {
      throw new Malformed(String.join(" | ", FORMS.keySet()));
    }
    List<String> arguments = words.subList(1, words.size());
    if (!form.takes(arguments.size())) {
      throw new Malformed(form.usage());
    }
    try {
      return Optional.of(form.maker().apply(new Arguments(form, arguments)));
    } catch (IllegalArgumentException unreadable) {
      // NumberFormatException is one of these.
      throw new Malformed(form.usage());
    }
  }

  private static List<String> words(String line) {
    return Arrays.stream(line.split("[ \t\r]+", -1)).filter(word -> !word.isEmpty()).toList();
  }
}
