package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The sources keep to what no compiler checks. Goal: the habits of the first day last. Method: all
 * files of all modules are read; each check is also shown to fail on a text that breaks it.
 */
class TidyTest {
  private static final int LINE_LENGTH_MAX = 100;
  private static final Set<String> MODULES =
      Set.of("engine", "persistence", "api", "soak-tests", "benchmarks", "cli");
  private static final Set<String> PUBLIC_PACKAGES =
      Set.of("io.faultline", "io.faultline.nio", "io.faultline.junit");

  // Written in halves: this file is read as well.
  private static final Pattern MARKERS = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
  private static final Pattern EMPTY_NAMES = Pattern.compile("Chunk|Manager|Helper|Util");
  private static final Set<String> GUEST_RESOURCES =
      Set.of("application.conf", "reference.conf", "logback.xml", "logback-test.xml");

  private static final Path ROOT = root();

  private static Path root() {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isRegularFile(at.resolve("faultline")) && Files.isDirectory(at.resolve("engine"))) {
        return at;
      }
    }
    throw new IllegalStateException("the repository is not above " + Path.of("").toAbsolutePath());
  }

  private static List<Path> files(String below, String suffix) throws IOException {
    List<Path> found = new ArrayList<>();
    for (String module : MODULES) {
      Path start = ROOT.resolve(module).resolve(below);
      if (Files.isDirectory(start)) {
        try (Stream<Path> walk = Files.walk(start)) {
          walk.filter(Files::isRegularFile)
              .filter(file -> file.toString().endsWith(suffix))
              .forEach(found::add);
        }
      }
    }
    return found;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is wrong with one source text; the name is for the messages. */
  private static List<String> problems(String name, String text) {
    List<String> problems = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      String place = name + ":" + (i + 1);
      // The formatter cannot break an import.
      boolean breakable = !line.startsWith("import ") && !line.startsWith("package ");
      if (breakable && line.codePointCount(0, line.length()) > LINE_LENGTH_MAX) {
        problems.add(place + " is longer than " + LINE_LENGTH_MAX);
      }
      if (MARKERS.matcher(line).find()) {
        problems.add(place + " leaves work behind: " + line.strip());
      }
    }
    String file = name.substring(name.lastIndexOf('/') + 1);
    if (EMPTY_NAMES.matcher(file).find()) {
      problems.add(name + " has a name that says nothing");
    }
    return problems;
  }

  /** What is wrong with the package-info of one package, or of its absence ("" then). */
  private static List<String> packageProblems(String packageName, String text) {
    List<String> problems = new ArrayList<>();
    if (text.isEmpty()) {
      return List.of(packageName + " has no package-info");
    }
    if (!text.contains("@NullMarked")) {
      problems.add(packageName + " is not @NullMarked");
    }
    if (!text.contains("/**")) {
      problems.add(packageName + " does not say what it holds");
    }
    boolean internal = text.toLowerCase(Locale.ROOT).contains("internal");
    if (internal == PUBLIC_PACKAGES.contains(packageName)) {
      problems.add(packageName + " must say internal if and only if users do not import it");
    }
    return problems;
  }

  @Test
  void sourcesAreTidy() throws IOException {
    List<Path> sources = files("src", ".java");
    assertThat(sources).hasSizeGreaterThan(MODULES.size());
    assertThat(
            sources.stream()
                .flatMap(file -> problems(ROOT.relativize(file).toString(), read(file)).stream()))
        .isEmpty();
  }

  @Test
  void everyPackageSaysWhatItIs() throws IOException {
    List<String> problems = new ArrayList<>();
    Set<Path> directories = new TreeSet<>();
    for (Path file : files("src/main/java", ".java")) {
      directories.add(file.getParent());
    }
    for (Path directory : directories) {
      String path = directory.toString();
      String name = path.substring(path.indexOf("/src/main/java/") + 15).replace('/', '.');
      Path info = directory.resolve("package-info.java");
      problems.addAll(packageProblems(name, Files.isRegularFile(info) ? read(info) : ""));
    }
    assertThat(problems).isEmpty();
  }

  @Test
  void jarsLeaveTheUsersConfigurationAlone() throws IOException {
    assertThat(files("src/main/resources", ""))
        .noneMatch(file -> GUEST_RESOURCES.contains(file.getFileName().toString()));
  }

  @Test
  void launcherAndTestsRunWithTheSameFlags() {
    String pom = read(ROOT.resolve("pom.xml"));
    String flags =
        pom.replaceFirst("(?s).*<faultline.jvm.flags>", "")
            .replaceFirst("(?s)</faultline.jvm.flags>.*", "");
    assertThat(flags).startsWith("--").hasSizeLessThan(200);
    assertThat(read(ROOT.resolve("faultline"))).contains("jvm_flags=(" + flags + ")");
  }

  @Test
  void eachCheckFailsOnATextThatBreaksIt() {
    assertThat(problems("A.java", "class A {}")).isEmpty();
    assertThat(problems("A.java", "x".repeat(LINE_LENGTH_MAX))).isEmpty();
    assertThat(problems("A.java", "x".repeat(LINE_LENGTH_MAX + 1))).hasSize(1);
    assertThat(problems("A.java", "import " + "x".repeat(LINE_LENGTH_MAX) + ";")).isEmpty();
    assertThat(problems("A.java", "// TO" + "DO later\n// FIX" + "ME\n")).hasSize(2);
    assertThat(problems("a/LockHelper.java", "class LockHelper {}")).hasSize(1);

    assertThat(packageProblems("io.faultline.x", "")).hasSize(1);
    assertThat(packageProblems("io.faultline.x", "/** Internal. */ @NullMarked")).isEmpty();
    assertThat(packageProblems("io.faultline.x", "/** Internal. */")).hasSize(1);
    assertThat(packageProblems("io.faultline.x", "/** Yours. */ @NullMarked")).hasSize(1);
    assertThat(packageProblems("io.faultline", "/** Internal. */ @NullMarked")).hasSize(1);
  }
}
