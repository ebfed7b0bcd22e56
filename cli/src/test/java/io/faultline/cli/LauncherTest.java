package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher script. Goal: it builds when, and only when, something is newer, and says in one
 * line what is wrong. Method: a copy runs in a small tree of its own, in a path with a blank, with
 * a {@code java} that prints its arguments and an {@code mvn} that makes empty jars.
 */
class LauncherTest {
  private static final String MAVEN =
      """
      #!/usr/bin/env bash
      echo run >>mvn.runs
      if [[ -e mvn.fails ]]; then echo '[ERROR] it does not compile'; exit 1; fi
      mkdir -p cli/target/lib
      for m in engine persistence api soak-tests benchmarks cli; do
        mkdir -p $m/target && echo "$RANDOM" >$m/target/faultline-$m-1.jar
        [[ $m == cli ]] || cp $m/target/faultline-$m-1.jar cli/target/lib/
      done
      """;

  private record Outcome(int exitCode, String out, String err) {}

  @TempDir Path temp;
  private Path tree = Path.of("");
  private Path jdk = Path.of("");

  @BeforeEach
  void makeTree() throws IOException {
    tree = Files.createDirectories(temp.resolve("a tree"));
    jdk = temp.resolve("a jdk");
    Path launcher = Path.of("").toAbsolutePath().resolveSibling("faultline");
    write(tree.resolve("faultline"), Files.readString(launcher));
    write(tree.resolve("pom.xml"), "<project/>");
    for (String module :
        List.of("engine", "persistence", "api", "soak-tests", "benchmarks", "cli")) {
      write(tree.resolve(module + "/pom.xml"), "<project/>");
      write(tree.resolve(module + "/src/main/A.java"), "class A {}");
    }
    write(temp.resolve("bin/mvn"), MAVEN);
    write(jdk.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
    write(jdk.resolve("bin/javac"), "#!/bin/sh\n");
    write(jdk.resolve("bin/java"), "#!/bin/sh\nprintf '%s\\n' \"$LC_ALL\" \"$@\"\n");
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Outcome run(Map<String, String> environment, Path script, String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(args));
    Path out = temp.resolve("out");
    Path err = temp.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(temp.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().keySet().removeIf(key -> key.startsWith("LC_") || key.equals("LANG"));
    builder.environment().put("PATH", temp.resolve("bin") + ":" + System.getenv("PATH"));
    builder.environment().put("FAULTLINE_JAVA_HOME", jdk.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return new Outcome(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  private Outcome run(String... args) throws IOException, InterruptedException {
    return run(Map.of(), tree.resolve("faultline"), args);
  }

  private long builds() throws IOException {
    return Files.readAllLines(tree.resolve("mvn.runs")).size();
  }

  @Test
  void buildsOnceAndPassesTheArgumentsOn() throws Exception {
    Outcome first = run("soak", "two words");
    assertThat(first.exitCode()).isZero();
    assertThat(first.err().lines()).hasSize(1).first().asString().contains("building");
    assertThat(first.out().lines())
        .contains("C.UTF-8", "--enable-native-access=ALL-UNNAMED")
        .endsWith("io.faultline.cli.Main", "soak", "two words");

    Outcome second = run("soak");
    assertThat(second.err()).isEmpty();
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void theRaceLaboratoryIsSimulatedAndItsPriceListIsNot() throws Exception {
    for (List<String> words :
        List.of(
            List.of("race"),
            List.of("race", "list"),
            List.of("race", "--stacktrace", "run", "price"))) {
      assertThat(run(words.toArray(String[]::new)).out())
          .contains("-Dfaultline.simulation=true\n", "-Dfaultline.checks=true\n");
    }
    for (List<String> words :
        List.of(
            List.of("race", "price"),
            List.of("race", "--stacktrace", "price", "--quick"),
            List.of("soak", "race"))) {
      assertThat(run(words.toArray(String[]::new)).out())
          .doesNotContain("-Dfaultline.")
          .contains("io.faultline.cli.Main\n" + words.getFirst() + "\n");
    }
  }

  @Test
  void whatIsMeasuredBesideLiesBesideTheClassPath() throws Exception {
    write(tree.resolve("benchmarks/target/peers/peer.jar"), "");
    String classPath =
        run("bench").out().lines().filter(line -> line.contains("/peers/*")).findFirst().orElse("");
    String peers = classPath.substring(classPath.lastIndexOf(':') + 1);
    assertThat(Path.of(peers).resolveSibling("peer.jar")).exists();
    assertThat(run("classpath").out()).doesNotContain("peer");
    assertThat(run("soak").out()).doesNotContain("peer");
  }

  @Test
  void aNewerSourceBuildsAgainAndTheRunningBuildStays() throws Exception {
    String before = run("classpath").out().strip();
    Path source = tree.resolve("engine/src/main/A.java");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));
    String after = run("classpath").out().strip();
    assertThat(builds()).isEqualTo(2);
    assertThat(after).isNotEqualTo(before);
    assertThat(before.split(":")).hasSize(6).allMatch(jar -> Files.exists(Path.of(jar)));
    assertThat(after.split(":")).hasSize(6).allMatch(jar -> Files.exists(Path.of(jar)));
  }

  @Test
  void whatMavenBuiltByItselfIsTaken() throws Exception {
    Process maven =
        new ProcessBuilder(temp.resolve("bin/mvn").toString()).directory(tree.toFile()).start();
    assertThat(maven.waitFor()).isZero();
    assertThat(run("classpath").err()).isEmpty();
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void worksThroughASymlinkAndKeepsAUtf8Locale() throws Exception {
    Path link = Files.createSymbolicLink(temp.resolve("bin/fl"), Path.of("../a tree/faultline"));
    Outcome outcome = run(Map.of("LC_ALL", "de_DE.UTF-8"), link, "ls");
    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out().lines()).startsWith("de_DE.UTF-8").endsWith("ls");
  }

  @Test
  void javaIsPrintedWithoutABuild() throws Exception {
    assertThat(run("java").out()).isEqualTo(jdk.resolve("bin/java") + "\n");
    assertThat(tree.resolve("mvn.runs")).doesNotExist();
  }

  @Test
  void itsOwnWordsHaveHelpWithoutABuild() throws Exception {
    for (String word : List.of("java", "classpath")) {
      for (String help : List.of("--help", "-h")) {
        Outcome outcome = run(word, help);
        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out()).startsWith("Usage: faultline " + word + "\nPrints the ");
        assertThat(outcome.err()).isEmpty();
      }
    }
    assertThat(tree.resolve("mvn.runs")).doesNotExist();
    assertThat(run("ls", "--help").out().lines()).endsWith("ls", "--help");
  }

  @Test
  void anOlderJdkIsPassedOver() throws Exception {
    Path old = temp.resolve("old");
    write(old.resolve("release"), "JAVA_VERSION=\"17.0.25\"\n");
    write(old.resolve("bin/javac"), "#!/bin/sh\n");
    write(old.resolve("bin/java"), "#!/bin/sh\n");
    Map<String, String> environment =
        Map.of("FAULTLINE_JAVA_HOME", old.toString(), "JAVA_HOME", jdk.toString());
    assertThat(run(environment, tree.resolve("faultline"), "java").out())
        .isEqualTo(jdk.resolve("bin/java") + "\n");
  }

  @Test
  void aFailedBuildIsOneLineAndExitOne() throws Exception {
    write(tree.resolve("mvn.fails"), "");
    Outcome outcome = run("ls");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err().lines()).hasSize(2);
    assertThat(outcome.err()).contains("the build failed: [ERROR] it does not compile");
  }

  @Test
  void aTreeThatCannotBeWrittenRunsWhatItHas() throws Exception {
    run("ls");
    long builds = builds();
    // A file where the directory should be: the superuser may write anywhere else.
    Path source = tree.resolve("engine/src/main/A.java");
    Path state = tree.resolve(".faultline-build");
    Files.move(state, tree.resolve("kept"));
    write(state, "");
    assertThat(run("ls").exitCode()).isZero();
    assertThat(builds()).isEqualTo(builds);

    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));
    Outcome stale = run("ls");
    assertThat(stale.exitCode()).isEqualTo(1);
    assertThat(stale.err()).contains("cannot be written");
  }
}
