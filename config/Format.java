import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks or applies google-java-format on every Java source of the modules.
 *
 * <p>A program of its own because the formatter parses with the compiler of the JVM it runs in:
 * inside Maven on JDK 17 it cannot read Java 25.
 */
final class Format {
  public static void main(String[] args) throws Exception {
    boolean apply = args[0].equals("apply");
    var formatter =
        new Formatter(
            JavaFormatterOptions.builder().style(JavaFormatterOptions.Style.GOOGLE).build());
    List<Path> sources = new ArrayList<>();
    for (int i = 1; i < args.length; i++) {
      Path root = Path.of(args[i]);
      if (Files.isDirectory(root)) {
        try (Stream<Path> files = Files.walk(root)) {
          files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
        }
      }
    }
    List<String> problems =
        sources.parallelStream().flatMap(file -> problem(formatter, file, apply)).sorted().toList();
    problems.forEach(System.err::println);
    if (!problems.isEmpty()) {
      System.err.println("to format: mvn -q -N verify -Dformat=apply");
      System.exit(1);
    }
  }

  private static Stream<String> problem(Formatter formatter, Path file, boolean apply) {
    try {
      String before = Files.readString(file);
      String after =
          formatter.formatSource(
              ImportOrderer.reorderImports(
                  RemoveUnusedImports.removeUnusedImports(before),
                  JavaFormatterOptions.Style.GOOGLE));
      if (after.equals(before)) {
        return Stream.empty();
      }
      if (apply) {
        Files.writeString(file, after);
        return Stream.empty();
      }
      return Stream.of("not formatted: " + file);
    } catch (Exception e) {
      return Stream.of("cannot format: " + file + ": " + e.getMessage());
    }
  }
}
