package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What the command line promises before any verb runs: help, version, exit codes, one line. */
class MainTest {

  private record Outcome(int exitCode, String out, String err) {}

  @Command(name = "break")
  static final class Breaking implements Callable<Integer> {
    @Override
    public Integer call() throws IOException {
      throw new IOException("the disk is gone\nfor good");
    }
  }

  @Command(name = "say")
  static final class Saying implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
      Objects.requireNonNull(spec).commandLine().getOut().println("done");
      return ExitCode.HELD;
    }
  }

  @Command(name = "find")
  static final class Finding implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;

    @Parameters(arity = "0..1")
    private @Nullable Path place;

    @Override
    public Integer call() {
      Objects.requireNonNull(spec)
          .commandLine()
          .getOut()
          .println("VIOLATION" + (place == null ? "" : " " + place));
      return ExitCode.VIOLATION;
    }
  }

  private static Outcome run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        Main.run(
            List.of(new Breaking(), new Finding()),
            new PrintWriter(out, true),
            new PrintWriter(err, true),
            args);
    return new Outcome(exitCode, out.toString(), err.toString());
  }

  @Test
  void helpGoesToStandardOutput() {
    Outcome outcome = run("--help");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(outcome.out()).startsWith("Usage: faultline");
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void everyVerbHasHelpWithoutAskingForIt() {
    Outcome outcome = run("find", "--help");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.HELD);
    assertThat(outcome.out()).startsWith("Usage: faultline find");
  }

  @Test
  void versionNamesTheProgram() {
    assertThat(run("--version").out()).startsWith("faultline ");
    assertThat(run("find", "--version").out()).startsWith("faultline ");
  }

  @Test
  void noVerbAndUnknownVerbAreWrongUsage() {
    assertThat(run().exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run("explode").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run("find", "--no-such-option").exitCode()).isEqualTo(ExitCode.USAGE);
    Outcome unset = run("find", "");
    assertThat(unset.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(unset.err()).contains("an empty name is no path").hasLineCount(1);
    assertThat(run("find", ".").out()).isEqualToIgnoringNewLines("VIOLATION .");
  }

  @Test
  void aFailureIsOneLineOnStandardError() {
    Outcome outcome = run("break");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err().lines()).containsExactly("faultline break: the disk is gone for good");
    assertThat(outcome.out()).isEmpty();
  }

  /** Takes nothing, as /dev/full. */
  private static final class FullDisk extends Writer {
    @Override
    public void write(char[] text, int from, int length) throws IOException {
      throw new IOException("No space left on device");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @CsvSource({
    "--version,1,faultline",
    "--help,1,faultline",
    "say,1,faultline say",
    "say --version,1,faultline say",
    "say --help,1,faultline say",
    "find,3,faultline find"
  })
  void outputThatIsLostIsAFailure(String args, int exitCode, String begins) {
    StringWriter err = new StringWriter();
    List<Callable<Integer>> verbs = List.of(new Saying(), new Finding());
    PrintWriter full = new PrintWriter(new FullDisk(), true);
    assertThat(Main.run(verbs, full, new PrintWriter(err, true), args.split(" ", -1)))
        .isEqualTo(exitCode);
    assertThat(err.toString().lines())
        .containsExactly(begins + ": standard output could not be written");
  }

  @Test
  void outputThatIsLostAfterAFailureAddsNoLine() {
    StringWriter err = new StringWriter();
    PrintWriter full = new PrintWriter(new FullDisk(), true);
    full.println();
    assertThat(Main.run(List.of(new Breaking()), full, new PrintWriter(err, true), "break"))
        .isEqualTo(ExitCode.FAILED);
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void failuresOfTheHostSayMoreThanAPath(@TempDir Path host) throws IOException {
    Path file = Files.writeString(host.resolve("file"), "x");
    Map<ThrowingCallable, String> expected =
        Map.of(
            () -> Files.newInputStream(host.resolve("none")),
            host.resolve("none") + ": no such file or directory",
            () -> Files.createFile(file),
            file + ": file exists",
            () -> Files.delete(host),
            host + ": directory not empty",
            () -> Files.list(file),
            file + ": not a directory",
            () -> {
              throw new AccessDeniedException("/secret");
            },
            "/secret: permission denied");
    expected.forEach(
        (call, line) -> assertThat(Failures.oneLine(catchThrowable(call))).isEqualTo(line));
  }

  @Test
  void stacktraceIsPrintedOnRequestBeforeOrBehindTheVerb() {
    assertThat(run("--stacktrace", "break").err()).contains("at io.faultline.cli.MainTest");
    assertThat(run("break", "--stacktrace").err()).contains("at io.faultline.cli.MainTest");
  }

  @Test
  void whatAVerbReturnsIsTheExitCode() {
    assertThat(run("find").exitCode()).isEqualTo(ExitCode.VIOLATION);
  }
}
