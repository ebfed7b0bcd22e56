package io.faultline.cli;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ops}: one operation a line on standard input, one answer a line on standard output. */
@Command(
    name = "ops",
    description = "Carries out one operation per line of standard input and answers each at once.",
    footer = {
      "",
      "Operations (P, Q absolute paths, %%XX for space and %%; numbers decimal; BYTE 0 to 255;"
          + " of two paths the source comes first):",
      "  create P | mkdir P | unlink P | rmdir P | rename P Q | link P Q | symlink T P",
      "  write P OFF LEN BYTE (creates P) | append P LEN BYTE | read P OFF LEN | truncate P SIZE",
      "  punch P OFF LEN | zero P OFF LEN [keep] | allocate P OFF LEN [keep]",
      "  collapse P OFF LEN | insert P OFF LEN | clone P OFF Q OFF LEN | dedupe P OFF Q OFF LEN",
      "  seek-data P OFF | seek-hole P OFF | extents P | stat P | ls P",
      "  fsync P | sync | drop-caches",
      "Answers: OK ... or ERR ERRNO text, one line for each operation.",
      "Blank lines and lines that begin with # are passed over without an answer."
    })
final class Ops extends VolumeVerb {
  @Mixin private CreationOptions creation = new CreationOptions();

  @Option(names = "--create", description = "Make the volume if there is none.")
  private boolean create;

  Ops(Host host) {
    super(host, false);
  }

  @Override
  Volume volume() throws IOException {
    return openOrCreate(this, create, creation);
  }

  /**
   * Opens the volume of {@code verb}, which must be as the options say; if there is none and {@code
   * create} says so, makes it.
   */
  static Volume openOrCreate(VolumeVerb verb, boolean create, CreationOptions creation)
      throws IOException {
    VolumeOptions options = creation.options(verb.commandLine());
    Volume volume;
    try {
      volume = verb.host().open().apply(verb.directory(), options);
    } catch (ErrnoException failure) {
      if (create && failure.errno() == Errno.ENOENT) {
        return verb.host().create().apply(verb.directory(), options);
      }
      throw failure;
    }
    try {
      creation.requireOf(volume);
      return volume;
    } catch (IOException differs) {
      try (volume) {
        throw differs;
      }
    }
  }

  @Override
  int run(Volume volume) throws IOException {
    OpsSession session = new OpsSession(volume);
    LineSource lines = new LineSource(host().in());
    Writer answers =
        new BufferedWriter(new OutputStreamWriter(host().out(), StandardCharsets.UTF_8));
    while (true) {
      String answer;
      try {
        Optional<String> line = lines.next();
        if (line.isEmpty()) {
          return ExitCode.HELD;
        }
        Optional<Op> op = OpsGrammar.parse(line.get());
        if (op.isEmpty()) {
          continue;
        }
        answer = session.answer(op.get());
      } catch (OpsGrammar.Malformed | LineSource.Unreadable wrong) {
        answer = OpsSession.error(Errno.EINVAL, "usage: " + wrong.getMessage());
      }
      answers.write(answer);
      answers.write('\n');
      // The other side may wait for this line before it sends the next.
      answers.flush();
    }
  }
}
