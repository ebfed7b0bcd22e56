package io.faultline.cli;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.VolumeOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs verbs on one volume in memory and keeps what they said. */
final class VerbRun {
  /** What a verb left behind; {@code rawOut} is what went to the bare standard output. */
  record Outcome(int exitCode, String out, String err, ByteArrayOutputStream rawOut) {
    byte[] raw() {
      return rawOut.toByteArray();
    }

    List<String> answers() {
      return rawOut.toString(StandardCharsets.UTF_8).lines().toList();
    }
  }

  @Nullable MemoryVolume volume = new MemoryVolume();
  final List<VolumeOptions> openedWith = new ArrayList<>();
  final List<VolumeOptions> createdWith = new ArrayList<>();
  final List<Boolean> repairs = new ArrayList<>();

  Outcome run(byte[] input, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    Host host =
        new Host(
            (directory, options) -> {
              createdWith.add(options);
              MemoryVolume made = new MemoryVolume();
              volume = made;
              return made;
            },
            (directory, options) -> {
              openedWith.add(options);
              MemoryVolume there = volume;
              if (there == null) {
                throw new ErrnoException(Errno.ENOENT, "open", directory + " is not a volume");
              }
              there.open = true;
              return there;
            },
            (directory, repair) -> {
              repairs.add(repair);
              return volume().fsck();
            },
            new ByteArrayInputStream(input),
            raw);
    int exitCode =
        Main.run(Main.verbs(host), new PrintWriter(out, true), new PrintWriter(err, true), args);
    return new Outcome(exitCode, out.toString(), err.toString(), raw);
  }

  Outcome run(String... args) {
    return run(new byte[0], args);
  }

  /** Runs {@code ops} on the lines. */
  List<String> ops(String... lines) {
    return run((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8), "ops", "V")
        .answers();
  }

  MemoryVolume volume() {
    MemoryVolume there = volume;
    if (there == null) {
      throw new AssertionError("no volume");
    }
    return there;
  }
}
