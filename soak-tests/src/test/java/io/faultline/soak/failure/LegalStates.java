package io.faultline.soak.failure;

import io.faultline.DirectoryEntry;
import io.faultline.FileKind;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.soak.model.ModelFilesystem;
import io.faultline.soak.model.ModelRunner;
import io.faultline.soak.model.OpLine;
import io.faultline.soak.model.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a volume may hold when some operations failed or were not made durable: the files of one of
 * the model's states, each unit of each file as in any of them, sizes no smaller and no larger.
 *
 * @param states each a moment of the model: all files by path
 * @param unit bytes that change together: a page, or a sector where writes are torn
 */
record LegalStates(List<Map<String, byte[]>> states, int unit) {

  /** The model's files after each prefix of {@code body}, the empty one included. */
  static List<Map<String, byte[]>> after(List<OpLine> prelude, List<OpLine> body) {
    ModelFilesystem model = new ModelFilesystem();
    ModelRunner runner = new ModelRunner(model);
    prelude.forEach(runner::answer);
    List<Map<String, byte[]>> states = new ArrayList<>();
    states.add(files(model));
    for (OpLine line : body) {
      runner.answer(line);
      states.add(files(model));
    }
    return states;
  }

  private static Map<String, byte[]> files(ModelFilesystem model) {
    Map<String, byte[]> files = new TreeMap<>();
    collect(model, "/", files);
    return files;
  }

  private static void collect(ModelFilesystem model, String dir, Map<String, byte[]> files) {
    for (String name : value(model.list(dir))) {
      String path = dir + name;
      if (value(model.stat(path)).isDirectory()) {
        collect(model, path + "/", files);
      } else {
        files.put(path, value(model.read(path, 0, value(model.stat(path)).sizeBytes())));
      }
    }
  }

  private static <T> T value(Outcome<T> outcome) {
    if (outcome instanceof Outcome.Ok<T>(T value)) {
      return value;
    }
    throw new AssertionError("the model answers " + outcome);
  }

  /** The same of a volume. */
  static Map<String, byte[]> files(Volume volume) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    collect(volume, "/", files);
    return files;
  }

  private static void collect(Volume volume, String dir, Map<String, byte[]> files)
      throws IOException {
    for (DirectoryEntry entry : volume.list(dir)) {
      String path = dir + entry.name();
      if (entry.kind() == FileKind.DIRECTORY) {
        collect(volume, path + "/", files);
      } else {
        try (OpenFile file = volume.open(path)) {
          ByteBuffer content = ByteBuffer.allocate((int) file.size());
          while (content.hasRemaining() && file.read(content, content.position()) > 0) {
            // A read may end early.
          }
          files.put(path, content.array());
        }
      }
    }
  }

  /** What is wrong with {@code files}; empty if nothing is. */
  List<String> wrong(Map<String, byte[]> files) {
    List<String> wrong = new ArrayList<>();
    if (states.stream().noneMatch(state -> state.keySet().equals(files.keySet()))) {
      wrong.add("the files are " + files.keySet() + ", never so in the model");
      return wrong;
    }
    files.forEach(
        (path, content) -> {
          List<byte[]> candidates =
              states.stream().filter(s -> s.containsKey(path)).map(s -> s.get(path)).toList();
          int least = candidates.stream().mapToInt(c -> c.length).min().orElseThrow();
          int most = candidates.stream().mapToInt(c -> c.length).max().orElseThrow();
          if (content.length < least || content.length > most) {
            wrong.add(path + " has " + content.length + " bytes, not " + least + " to " + most);
          }
          for (int from = 0; from < content.length; from += unit) {
            int at = from;
            int to = Math.min(content.length, from + unit);
            if (candidates.stream().noneMatch(c -> same(content, c, at, to))) {
              wrong.add(path + " bytes [" + from + ", " + to + ") are none of the model's");
            }
          }
        });
    return wrong;
  }

  /** Behind its end a state has zeros. */
  private static boolean same(byte[] content, byte[] state, int from, int to) {
    byte[] expected =
        Arrays.copyOfRange(state, Math.min(from, state.length), Math.min(to, state.length));
    return Arrays.equals(content, from, to, Arrays.copyOf(expected, to - from), 0, to - from);
  }
}
