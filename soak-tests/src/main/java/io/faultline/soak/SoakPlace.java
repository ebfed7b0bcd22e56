package io.faultline.soak;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory of a soak: the volume itself and, below {@code soak/}, what tells how it came
 * about. {@code soak/seed} says that the volume was made by a soak and holds nothing of worth.
 */
final class SoakPlace {
  private static final String NOTES = "soak";
  private static final String SEED = "seed";

  private final Path directory;
  private final boolean named;
  private final boolean reused;

  private SoakPlace(Path directory, boolean named, boolean reused) {
    this.directory = directory;
    this.named = named;
    this.reused = reused;
  }

  /**
   * A fresh temporary directory, or the named one.
   *
   * @throws IOException the named one holds something that no soak made
   */
  static SoakPlace of(@Nullable Path named) throws IOException {
    if (named == null) {
      return new SoakPlace(Files.createTempDirectory("faultline-soak-"), false, false);
    }
    Path directory = named.toAbsolutePath().normalize();
    if (!Files.exists(directory)) {
      return new SoakPlace(directory, true, false);
    }
    if (Files.isRegularFile(directory.resolve(NOTES).resolve(SEED))) {
      return new SoakPlace(directory, true, true);
    }
    try (Stream<Path> inside = Files.list(directory)) {
      if (inside.findAny().isPresent()) {
        throw new IOException(directory + " was not made by a soak: name another directory");
      }
    }
    return new SoakPlace(directory, true, false);
  }

  Path directory() {
    return directory;
  }

  /** Whether a volume of an earlier soak is there. */
  boolean isReused() {
    return reused;
  }

  /** Says that this is a soak's volume; to be called once the volume exists. */
  void claim(SoakOptions options) throws IOException {
    Files.createDirectories(notes());
    Files.writeString(notes().resolve(SEED), options.command() + "\n");
  }

  private Path notes() {
    return directory.resolve(NOTES);
  }

  /** Writes down what was found, and the trace that led there. */
  void keep(SoakRun run, Finding finding) throws IOException {
    Files.createDirectories(notes());
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    out.println(finding.line());
    out.println("seed " + run.options().seed());
    out.println(run.options().command());
    Throwable cause = run.cause();
    if (cause != null) {
      cause.printStackTrace(out);
    }
    out.flush();
    Files.writeString(notes().resolve("violation.txt"), text.toString());
    run.trace().dump(notes().resolve("trace.bin"));
    run.trace().dumpText(notes().resolve("trace.txt"), finding.ino());
  }

  /** Writes down what all threads are doing, virtual ones included. */
  void keepThreads() throws IOException {
    Files.createDirectories(notes());
    Path file = notes().resolve("threads.txt").toAbsolutePath();
    Files.deleteIfExists(file);
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
  }

  /** Removes a temporary directory with all that is in it; a named one stays. */
  void removeIfTemporary() throws IOException {
    if (named || !Files.exists(directory)) {
      return;
    }
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path inner, @Nullable IOException failure)
              throws IOException {
            Files.delete(inner);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
