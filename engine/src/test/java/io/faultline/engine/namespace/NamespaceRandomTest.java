package io.faultline.engine.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.errno.FsException;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goal: every answer and every tree of {@link Namespace} is that of {@link NaiveTree}. Method:
 * seeded random operations over few names, so that most of them meet; compared after each one.
 */
class NamespaceRandomTest {
  private static final List<String> WORDS = List.of("a", "b", "c", "a", "b", ".", "..");

  static LongStream seeds() {
    return LongStream.range(0, 60);
  }

  /** One operation, as it can be written down, and done to both trees. */
  record Step(String verb, String first, String second, boolean flag) {
    void on(Namespace names) throws FsException {
      switch (verb) {
        case "stat" -> names.stat(first, flag);
        case "create" -> names.create(first, 0644, flag);
        case "mkdir" -> names.mkdir(first, 0755);
        case "rmdir" -> names.rmdir(first);
        case "unlink" -> names.unlink(first);
        case "symlink" -> names.symlink(second, first);
        case "link" -> names.link(first, second);
        case "rename" ->
            names.rename(
                first,
                second,
                flag ? EnumSet.of(RenameFlag.NOREPLACE) : EnumSet.noneOf(RenameFlag.class));
        default -> throw new IllegalArgumentException(verb);
      }
    }

    void on(NaiveTree tree) {
      switch (verb) {
        case "stat" -> tree.stat(first, flag);
        case "create" -> tree.create(first, flag);
        case "mkdir" -> tree.mkdir(first);
        case "rmdir" -> tree.rmdir(first);
        case "unlink" -> tree.unlink(first);
        case "symlink" -> tree.symlink(second, first);
        case "link" -> tree.link(first, second);
        case "rename" -> tree.rename(first, second, flag);
        default -> throw new IllegalArgumentException(verb);
      }
    }
  }

  private static String answer(Namespace names, Step step) {
    try {
      step.on(names);
      return "OK";
    } catch (FsException e) {
      return e.errno().name();
    }
  }

  private static String answer(NaiveTree tree, Step step) {
    try {
      step.on(tree);
      return "OK";
    } catch (NaiveTree.Fails e) {
      return e.errno.name();
    }
  }

  static Step step(Random random) {
    int dice = random.nextInt(100);
    String verb =
        dice < 8
            ? "stat"
            : dice < 22
                ? "create"
                : dice < 40
                    ? "mkdir"
                    : dice < 46
                        ? "rmdir"
                        : dice < 52
                            ? "unlink"
                            : dice < 62 ? "symlink" : dice < 70 ? "link" : "rename";
    String second = path(random);
    if (verb.equals("symlink") && random.nextBoolean()) {
      second = second.length() > 1 ? second.substring(1) : ".";
    }
    return new Step(verb, path(random), second, random.nextInt(4) == 0);
  }

  private static String path(Random random) {
    StringBuilder path = new StringBuilder();
    int words = random.nextInt(12) == 0 ? 0 : 1 + Math.min(random.nextInt(4), random.nextInt(3));
    for (int i = 0; i < words; i++) {
      path.append(random.nextInt(20) == 0 ? "//" : "/");
      path.append(WORDS.get(random.nextInt(random.nextInt(4) == 0 ? WORDS.size() : 3)));
    }
    return path.isEmpty() || random.nextInt(12) == 0 ? path + "/" : path.toString();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void everyAnswerAndEveryTreeIsThatOfTheNaiveTree(long seed) {
    Random random = new Random(seed);
    MemoryVolume volume = new MemoryVolume();
    Namespace names = new Namespace(volume);
    NaiveTree naive = new NaiveTree();
    for (int i = 0; i < 300; i++) {
      Step step = step(random);
      String expected = answer(naive, step);
      assertThat(answer(names, step)).as("seed %s step %s %s", seed, i, step).isEqualTo(expected);
      assertThat(volume.dump()).as("seed %s step %s %s", seed, i, step).isEqualTo(naive.dump());
    }
    volume.checkConsistent();
  }

  @Test
  void theComparisonSeesAMissingCycleCheck() {
    boolean seen = false;
    for (long seed = 0; seed < 150 && !seen; seed++) {
      Random random = new Random(seed);
      Namespace names = new Namespace(new MemoryVolume(), Set.of(Mutant.NO_CYCLE_CHECK));
      NaiveTree naive = new NaiveTree();
      for (int i = 0; i < 300 && !seen; i++) {
        Step step = step(random);
        String expected = answer(naive, step);
        seen = !answer(names, step).equals(expected);
      }
    }
    assertThat(seen).isTrue();
  }
}
