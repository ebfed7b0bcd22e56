package io.faultline.soak.model;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The arguments of one line, taken in order; every complaint shows the whole line. */
final class OpArguments {

  private final String line;
  private final Deque<String> words;

  OpArguments(String line, List<String> words) {
    this.line = line;
    this.words = new ArrayDeque<>(words);
  }

  String text() {
    if (words.isEmpty()) {
      throw new IllegalArgumentException("argument missing: " + line);
    }
    return Words.decode(words.removeFirst());
  }

  String path() {
    String path = text();
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("path is not absolute: " + line);
    }
    return path;
  }

  long number() {
    try {
      return Long.parseLong(text());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a number: " + line, e);
    }
  }

  int octet() {
    long value = number();
    if (value < 0 || value > 255) {
      throw new IllegalArgumentException("not a byte: " + line);
    }
    return (int) value;
  }

  boolean keep() {
    if (words.isEmpty()) {
      return false;
    }
    if (!text().equals("keep")) {
      throw new IllegalArgumentException("expected keep: " + line);
    }
    return true;
  }

  void end() {
    if (!words.isEmpty()) {
      throw new IllegalArgumentException("surplus argument: " + line);
    }
  }
}
