package io.faultline.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A {@link PeerMain} as seen from the JVM that asks. One thread. */
final class PeerProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;
  private final OutputStream orders;

  PeerProcess(String target, Path directory, Row.Setup setup, String sizes) throws IOException {
    process =
        start(
            setup,
            List.of(PeerMain.class.getName(), target, directory.toString(), setup.name(), sizes));
    answers = process.inputReader(StandardCharsets.UTF_8);
    orders = process.getOutputStream();
  }

  /** Starts a JVM with this one's class path. */
  static Process start(Row.Setup setup, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags(setup));
    command.addAll(List.of("-cp", System.getProperty("java.class.path", "")));
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Flags of a JVM in which something is measured: the launcher's, and as much memory for all. */
  static List<String> flags(Row.Setup setup) {
    return List.of(
        "--sun-misc-unsafe-memory-access=allow",
        "--enable-native-access=ALL-UNNAMED",
        "-XX:+UseParallelGC",
        "-Xmx3g",
        "-XX:MaxDirectMemorySize=2g",
        "-Dfaultline.checks=" + setup.checks,
        "-Dlogback.configurationFile=" + System.getProperty("logback.configurationFile", ""));
  }

  long pid() {
    return process.pid();
  }

  void prepare(Row row) throws IOException {
    ask("prepare " + row.key());
  }

  Map<String, Double> measure(int millis) throws IOException {
    Map<String, Double> figures = new HashMap<>();
    for (String word : ask("measure " + millis).split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        figures.put(word.substring(0, equals), Double.valueOf(word.substring(equals + 1)));
      }
    }
    return figures;
  }

  void finish() throws IOException {
    ask("finish");
  }

  private String ask(String order) throws IOException {
    orders.write((order + "\n").getBytes(StandardCharsets.UTF_8));
    orders.flush();
    String answer = answers.readLine();
    while (answer != null && !answer.startsWith("@")) {
      answer = answers.readLine(); // the JVM's own words
    }
    if (answer == null) {
      throw new IOException("the JVM measured is gone");
    }
    String rest = answer.substring(Math.min(answer.length(), answer.indexOf(' ') + 1));
    if (answer.startsWith("@wrong")) {
      throw new WrongDataException(rest);
    }
    if (answer.startsWith("@absent")) {
      throw new AbsentException(rest);
    }
    if (answer.startsWith("@failed")) {
      throw new IOException(rest);
    }
    return answer;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
