package io.faultline.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * The {@code faultline} command: parses the line, runs one verb, turns what became of it into an
 * exit code.
 *
 * <p>Each verb is a class of its own, a {@code @Command} that implements {@code Callable<Integer>}
 * and returns one of the codes of {@link ExitCode}; it becomes known by its line in {@link
 * #verbs()}. A verb that throws ends with {@link ExitCode#FAILED} and one line on standard error,
 * with the stack trace as well after {@code --stacktrace}.
 */
@Command(
    name = "faultline",
    description = "A filesystem engine for the JVM: volumes, soaks, journals.",
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "VERB",
    mixinStandardHelpOptions = true)
public final class Main implements Callable<Integer> {

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "On failure, print where it came from as well.")
  private boolean stacktrace;

  @Spec private @Nullable CommandSpec spec;

  private Main() {}

  /** Runs one verb and ends the JVM with its exit code. */
  public static void main(String[] args) {
    System.exit(
        run(
            new PrintWriter(System.out, true, System.out.charset()),
            new PrintWriter(System.err, true, System.err.charset()),
            args));
  }

  /** Runs one verb on the given streams and returns its exit code; never throws, never exits. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    return run(verbs(), out, err, args);
  }

  /** None is empty, as an unset variable of a shell is: that would be where one stands. */
  private static Path path(String word) {
    if (word.isEmpty()) {
      throw new TypeConversionException("an empty name is no path");
    }
    return Path.of(word);
  }

  static int run(List<Callable<Integer>> verbs, PrintWriter out, PrintWriter err, String... args) {
    Main main = new Main();
    CommandLine line = new CommandLine(main);
    verbs.forEach(line::addSubcommand);
    // --help and --version belong to every verb, also to those added later.
    for (CommandLine verb : line.getSubcommands().values()) {
      verb.getCommandSpec().mixinStandardHelpOptions(true).versionProvider(new Version());
    }
    line.setOut(out).setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.registerConverter(Path.class, Main::path);
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          command.getErr().println(verb(command) + ": " + Failures.oneLine(failure));
          if (main.stacktrace) {
            failure.printStackTrace(command.getErr());
          }
          return ExitCode.FAILED;
        });
    // One line, as for every failure: picocli would print the whole usage behind it.
    line.setParameterExceptionHandler(
        (wrong, words) -> {
          CommandLine command = wrong.getCommandLine();
          String name = command.getCommandSpec().qualifiedName();
          command
              .getErr()
              .println(
                  verb(command) + ": " + Failures.oneLine(wrong) + " (see " + name + " --help)");
          return ExitCode.USAGE;
        });
    return written(line, out, line.execute(args));
  }

  /**
   * The exit code, once it is known that everything said has arrived: a list cut short by a full
   * disk must not pass for a whole one. A writer only remembers its failures, so this asks it.
   */
  private static int written(CommandLine line, PrintWriter out, int exitCode) {
    if (!out.checkError() || (exitCode != ExitCode.HELD && exitCode != ExitCode.VIOLATION)) {
      return exitCode;
    }
    ParseResult parsed = line.getParseResult();
    CommandLine said =
        parsed.hasSubcommand() ? parsed.subcommand().commandSpec().commandLine() : line;
    line.getErr().println(verb(said) + ": standard output could not be written");
    return exitCode == ExitCode.HELD ? ExitCode.FAILED : exitCode;
  }

  /** How a line on standard error begins; a verb's own words, such as journal log, are left out. */
  private static String verb(CommandLine command) {
    CommandLine parent = command.getParent();
    if (parent == null) {
      return command.getCommandName();
    }
    return parent.getParent() == null
        ? parent.getCommandName() + " " + command.getCommandName()
        : verb(parent);
  }

  /** Every verb, in the order in which {@code --help} lists them. */
  private static List<Callable<Integer>> verbs() {
    return verbs(Host.real());
  }

  static List<Callable<Integer>> verbs(Host host) {
    return List.of(
        new SoakVerb(),
        new Ops(host),
        new Mkfs(host),
        new Fsck(host),
        new Import(host),
        new Export(host),
        new Ls(host),
        new Cat(host),
        new Stat(host),
        new Extents(host),
        new Put(host),
        new Rm(host),
        new Mkdir(host),
        new Mv(host),
        new Truncate(host),
        new Fallocate(host),
        new Journal(host),
        new Race(),
        new Crash(),
        new Bench());
  }

  /** Without a verb there is nothing to do. */
  @Override
  public Integer call() {
    throw new ParameterException(
        Objects.requireNonNull(spec).commandLine(), "Missing verb: say what to do");
  }

  /** The version of the build this class came from. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"faultline " + (version == null ? "(unpackaged)" : version)};
    }
  }
}
