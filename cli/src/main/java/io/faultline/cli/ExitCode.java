package io.faultline.cli;

import picocli.CommandLine;

/** The exit codes every verb keeps to. */
public final class ExitCode {
  /** It was done, and everything that was checked held. */
  public static final int HELD = CommandLine.ExitCode.OK;

  /** It could not be done; one line on standard error says why. */
  public static final int FAILED = CommandLine.ExitCode.SOFTWARE;

  /** The command line was wrong. */
  public static final int USAGE = CommandLine.ExitCode.USAGE;

  /** It was done, and a check found a violation; one line on standard output names it. */
  public static final int VIOLATION = 3;

  private ExitCode() {}
}
