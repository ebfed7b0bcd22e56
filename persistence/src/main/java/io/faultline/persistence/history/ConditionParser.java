package io.faultline.persistence.history;

import io.faultline.engine.errno.FsException;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.inode.Inodes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Reads a {@link Condition} from left to right. Used once. */
final class ConditionParser {
  private static final long BLOCK_BYTES = io.faultline.engine.volume.LiveVolume.BLOCK_BYTES;

  /** A number of a state; empty where what it is asked of is not there. */
  private interface Quantity {
    OptionalLong in(VolumeState state);
  }

  private static final Map<String, ToLongFunction<Inode>> OF_FILES =
      Map.of(
          "size", inode -> inode instanceof Inode.RegularFile f ? f.durableSize() : 0,
          "nlink", inode -> inode.attributes().nlink(),
          "blocks", inode -> inode instanceof Inode.RegularFile f ? f.extents().blocks() : 0,
          "extents", inode -> inode instanceof Inode.RegularFile f ? f.extents().size() : 0,
          "entries", inode -> inode instanceof Inode.Directory d ? d.entries().size() : 0,
          "ino", Inode::ino);

  private static final List<String> OPERATORS = List.of("==", "!=", "<=", ">=", "<", ">");

  private static final String TERM =
      "a number, '!', '(', fsck, inodes, or one of exists mapped written size nlink blocks extents"
          + " entries ino";

  private final String text;
  private final Predicate<VolumeState> fsck;
  private int at;
  private boolean usesFsck;

  ConditionParser(String text, Predicate<VolumeState> fsck) {
    this.text = text;
    this.fsck = fsck;
  }

  Condition parse() {
    Condition.Test test = disjunction();
    skipSpace();
    if (at < text.length()) {
      throw expected("'&&', '||' or the end");
    }
    return new Condition(text, usesFsck, test);
  }

  private Condition.Test disjunction() {
    Condition.Test left = conjunction();
    while (take("||")) {
      Condition.Test before = left;
      Condition.Test right = conjunction();
      left = state -> before.holds(state) || right.holds(state);
    }
    return left;
  }

  private Condition.Test conjunction() {
    Condition.Test left = term();
    while (take("&&")) {
      Condition.Test before = left;
      Condition.Test right = term();
      left = state -> before.holds(state) && right.holds(state);
    }
    return left;
  }

  private Condition.Test term() {
    if (take("!")) {
      Condition.Test negated = term();
      return state -> !negated.holds(state);
    }
    if (take("(")) {
      Condition.Test inner = disjunction();
      require(")");
      return inner;
    }
    skipSpace();
    int start = at;
    String word = word();
    return switch (word) {
      case "fsck" -> {
        usesFsck = true;
        yield fsck::test;
      }
      case "exists" -> exists();
      case "mapped" -> blockIs(extent -> true);
      case "written" -> blockIs(Extent::isWritten);
      default -> {
        at = start;
        yield comparison();
      }
    };
  }

  private Condition.Test exists() {
    require("(");
    String file = file();
    require(")");
    return state -> find(state, file) != null;
  }

  private Condition.Test blockIs(Predicate<Extent> wanted) {
    require("(");
    String file = file();
    require(",");
    long block = integer("an offset in bytes") / BLOCK_BYTES;
    require(")");
    return state -> {
      if (!(find(state, file) instanceof Inode.RegularFile found)) {
        return false;
      }
      Extent extent = found.extents().lookup(block);
      return !extent.isHole() && wanted.test(extent);
    };
  }

  private Condition.Test comparison() {
    Quantity left = quantity(TERM);
    skipSpace();
    String operator =
        OPERATORS.stream().filter(this::take).findFirst().orElseThrow(() -> comparisonExpected());
    Quantity right = quantity("a number, or one of size nlink blocks extents entries ino inodes");
    LongPredicate sign =
        switch (operator) {
          case "==" -> order -> order == 0;
          case "!=" -> order -> order != 0;
          case "<" -> order -> order < 0;
          case "<=" -> order -> order <= 0;
          case ">" -> order -> order > 0;
          default -> order -> order >= 0;
        };
    return state -> {
      OptionalLong a = left.in(state);
      OptionalLong b = right.in(state);
      return a.isPresent()
          && b.isPresent()
          && sign.test(Long.compare(a.getAsLong(), b.getAsLong()));
    };
  }

  private IllegalArgumentException comparisonExpected() {
    return expected("one of " + String.join(" ", OPERATORS));
  }

  private Quantity quantity(String what) {
    skipSpace();
    if (at < text.length() && (Character.isDigit(text.charAt(at)) || text.charAt(at) == '-')) {
      OptionalLong number = OptionalLong.of(integer("a number"));
      return state -> number;
    }
    int start = at;
    String word = word();
    if (word.equals("inodes")) {
      return state -> OptionalLong.of(((Inodes) state).size());
    }
    ToLongFunction<Inode> property = OF_FILES.get(word);
    if (property == null) {
      at = start;
      throw expected(what);
    }
    require("(");
    String file = file();
    require(")");
    return state -> {
      Inode inode = find(state, file);
      return inode == null ? OptionalLong.empty() : OptionalLong.of(property.applyAsLong(inode));
    };
  }

  private static @Nullable Inode find(VolumeState state, String file) {
    try {
      return state.find(file);
    } catch (FsException e) {
      return null;
    }
  }

  private String file() {
    skipSpace();
    int start = at;
    while (at < text.length() && ",) ".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    String word = text.substring(start, at);
    if (!word.startsWith("/") && !word.matches("ino:\\d{1,18}")) {
      at = start;
      throw expected("an absolute path or ino:N");
    }
    return decoded(word, start);
  }

  private String decoded(String word, int start) {
    if (word.indexOf('%') < 0) {
      return word;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < word.length(); i++) {
      if (word.charAt(i) != '%') {
        bytes.writeBytes(word.substring(i, i + 1).getBytes(StandardCharsets.UTF_8));
        continue;
      }
      int high = i + 2 < word.length() ? Character.digit(word.charAt(i + 1), 16) : -1;
      int low = i + 2 < word.length() ? Character.digit(word.charAt(i + 2), 16) : -1;
      if (high < 0 || low < 0) {
        at = start + i + 1;
        throw expected("two hexadecimal digits");
      }
      bytes.write(high << 4 | low);
      i += 2;
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private long integer(String what) {
    skipSpace();
    int start = at;
    if (at < text.length() && text.charAt(at) == '-') {
      at++;
    }
    while (at < text.length() && Character.isDigit(text.charAt(at))) {
      at++;
    }
    try {
      return Long.parseLong(text.substring(start, at));
    } catch (NumberFormatException e) {
      at = start;
      throw expected(what);
    }
  }

  private String word() {
    int start = at;
    while (at < text.length() && Character.isLetter(text.charAt(at))) {
      at++;
    }
    return text.substring(start, at).toLowerCase(Locale.ROOT);
  }

  private boolean take(String token) {
    skipSpace();
    // "!" must not take the beginning of "!=".
    if (!text.startsWith(token, at) || (token.equals("!") && text.startsWith("!=", at))) {
      return false;
    }
    at += token.length();
    return true;
  }

  private void require(String token) {
    if (!take(token)) {
      throw expected("'" + token + "'");
    }
  }

  private void skipSpace() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private IllegalArgumentException expected(String what) {
    skipSpace();
    String found = at < text.length() ? "'" + text.substring(at) + "'" : "the end";
    return new IllegalArgumentException(
        "column " + (at + 1) + ": expected " + what + ", found " + found);
  }
}
