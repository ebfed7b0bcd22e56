package io.faultline.cli;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.OpenFile;
import io.faultline.Volume;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code truncate}: sets sizes, truncate(1). */
@Command(name = "truncate", description = "Sets the size of files; a file that is missing is made.")
final class Truncate extends VolumeVerb {

  /** A size, or a change of one. */
  record NewSize(long bytes, boolean relative) {
    /** The size a file of {@code now} bytes gets; never below 0. */
    long from(long now) {
      return relative ? Math.max(0, Math.addExact(now, bytes)) : bytes;
    }
  }

  static final class NewSizes implements ITypeConverter<NewSize> {
    @Override
    public NewSize convert(String text) {
      Sizes sizes = new Sizes();
      if (text.startsWith("+")) {
        return new NewSize(sizes.convert(text.substring(1)), true);
      }
      return text.startsWith("-")
          ? new NewSize(-sizes.convert(text.substring(1)), true)
          : new NewSize(sizes.convert(text), false);
    }
  }

  @Option(
      names = {"-s", "--size"},
      required = true,
      paramLabel = "[+|-]SIZE",
      converter = NewSizes.class,
      description = "The size, or with + or - by how much it grows or shrinks.")
  private NewSize size = new NewSize(0, true);

  @Option(
      names = {"-c", "--no-create"},
      description = "Pass over a file that is missing.")
  private boolean noCreate;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "PATH", description = "The files.")
  private List<String> paths = List.of();

  Truncate(Host host) {
    super(host, false);
  }

  @Override
  int run(Volume volume) throws IOException {
    for (String path : paths) {
      try (OpenFile file = noCreate ? volume.open(path, WRITE) : volume.open(path, WRITE, CREATE)) {
        file.truncate(size.from(file.size()));
      } catch (ErrnoException failure) {
        // As truncate(1): who asked not to make it is not told that it is missing.
        if (!noCreate || failure.errno() != Errno.ENOENT) {
          throw failure;
        }
      }
    }
    return ExitCode.HELD;
  }
}
