package io.faultline.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code seconds} from the start of a JVM to the first read of a volume that it has made. */
record StartingUp() implements Windows {
  @Override
  public Session prepare(Target target) throws IOException {
    Path directory = Files.createTempDirectory(EngineTarget.of(target).directory, "start-");
    return new Session() {
      private int starts;

      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        Path place = directory.resolve("volume" + starts++);
        long began = System.nanoTime();
        Process process =
            PeerProcess.start(
                Row.Setup.MISSING, List.of(StartMain.class.getName(), place.toString()));
        try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
          String line = said.readLine();
          while (line != null && !line.equals(StartMain.READ)) {
            line = said.readLine();
          }
          if (line == null) {
            throw new WrongDataException("kind=first-read file=" + place);
          }
          return Map.of("seconds", (System.nanoTime() - began) / 1e9);
        } finally {
          process.destroyForcibly();
        }
      }

      @Override
      public void close() throws IOException {
        Removal.of(directory);
      }
    };
  }
}
