package io.faultline.cli;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.IOException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code fallocate}: changes the block map of a file, with the options of fallocate(1). */
@Command(
    name = "fallocate",
    description = "Allocates, punches, zeroes, collapses or inserts a range of a file.")
final class Fallocate extends VolumeVerb {

  /** At most one of them; none allocates. */
  static final class Mode {
    @Option(
        names = {"-p", "--punch-hole"},
        description = "Make the range a hole; the size stays.")
    private boolean punchHole;

    @Option(
        names = {"-z", "--zero-range"},
        description = "Make the range zeros and keep blocks for it.")
    private boolean zeroRange;

    @Option(
        names = {"-c", "--collapse-range"},
        description = "Cut the range out.")
    private boolean collapseRange;

    @Option(
        names = {"-i", "--insert-range"},
        description = "Open a hole and move the rest up.")
    private boolean insertRange;
  }

  @ArgGroup(exclusive = true, multiplicity = "0..1")
  private Mode mode = new Mode();

  @Option(
      names = {"-o", "--offset"},
      paramLabel = "OFFSET",
      converter = Sizes.class,
      description = "Where the range begins, such as 4k or 1MiB (default: 0).")
  private long offset;

  @Option(
      names = {"-l", "--length"},
      required = true,
      paramLabel = "LENGTH",
      converter = Sizes.class,
      description = "How long the range is, such as 4k or 1MiB.")
  private long length;

  @Option(
      names = {"-n", "--keep-size"},
      description = "The file does not grow.")
  private boolean keepSize;

  @Parameters(index = "1", paramLabel = "PATH", description = "The file.")
  private String path = "";

  Fallocate(Host host) {
    super(host, false);
  }

  @Override
  void check() {
    if (keepSize && (mode.collapseRange || mode.insertRange)) {
      throw new ParameterException(
          commandLine(),
          (mode.collapseRange ? "--collapse-range" : "--insert-range")
              + " changes the size: it excludes --keep-size");
    }
  }

  @Override
  int run(Volume volume) throws IOException {
    try (OpenFile file = openFile(volume)) {
      if (mode.punchHole) {
        file.punchHole(offset, length);
      } else if (mode.zeroRange) {
        file.zeroRange(offset, length, keepSize);
      } else if (mode.collapseRange) {
        file.collapseRange(offset, length);
      } else if (mode.insertRange) {
        file.insertRange(offset, length);
      } else {
        file.allocate(offset, length, keepSize);
      }
    }
    return ExitCode.HELD;
  }

  /** As fallocate(1): only what may grow a file makes one. */
  private OpenFile openFile(Volume volume) throws IOException {
    boolean grows = !mode.punchHole && !mode.collapseRange && !mode.insertRange;
    return grows ? volume.open(path, READ, WRITE, CREATE) : volume.open(path, READ, WRITE);
  }
}
