package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;

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

  @Command(name = "find")
  static final class Finding implements Callable<Integer> {
    @Override
    public Integer call() {
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
  }

  @Test
  void aFailureIsOneLineOnStandardError() {
    Outcome outcome = run("break");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err().lines()).containsExactly("faultline break: the disk is gone for good");
    assertThat(outcome.out()).isEmpty();
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
