package io.faultline.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The engine under load. Goal: guarded fills never meet a destroyer's leftovers, unguarded ones do
 * and that is seen at once. Method: short soaks of real volumes, the guard the only difference.
 */
class EngineSoakTest {
  private static final long SEED = 20_211_122;

  @TempDir private Path directory;

  private final StringWriter text = new StringWriter();

  private int soak(Duration time, int changers, String guard) throws IOException {
    Path tree = Files.createDirectories(directory.resolve("tree"));
    Files.writeString(tree.resolve("hello"), "world");
    SoakOptions options =
        SoakOptions.defaults(SEED)
            .load(time, 6, changers)
            .on(directory.resolve("volume"), "ext4", guard)
            .host(tree, directory.resolve("json"));
    return new Soak(options, new PrintWriter(text, true)).run();
  }

  private long figure(String key) throws IOException {
    String json = Files.readString(directory.resolve("json"));
    return Long.parseLong(json.replaceFirst("(?s).*\"" + key + "\": (\\d+).*", "$1"));
  }

  @Test
  void guardedFillsHold() throws IOException {
    assertThat(soak(Duration.ofSeconds(4), 2, "mapping-lock")).as("%s", text).isEqualTo(Soak.HELD);
    assertThat(figure("mappingChanges")).isGreaterThan(50);
    assertThat(figure("mappingChangesInJournal")).isEqualTo(figure("mappingChanges"));
    assertThat(figure("fillsMetDestroyer")).isPositive();
    assertThat(figure("evictions")).isPositive();
  }

  @Test
  void fillsGuardedByRangesHold() throws IOException {
    assertThat(soak(Duration.ofSeconds(2), 2, "range-lock")).as("%s", text).isEqualTo(Soak.HELD);
    assertThat(figure("mappingChanges")).isGreaterThan(20);
    assertThat(figure("fillsMetDestroyer")).isPositive();
  }

  @Test
  void unguardedFillsAreCaught() throws IOException {
    assertThat(soak(Duration.ofSeconds(20), 2, "none")).as("%s", text).isEqualTo(Soak.VIOLATION);
    assertThat(text.toString()).contains("VIOLATION kind=stale-read");
  }

  @Test
  void withoutChangersNothingNeedsGuarding() throws IOException {
    assertThat(soak(Duration.ofSeconds(2), 0, "none")).as("%s", text).isEqualTo(Soak.HELD);
    assertThat(figure("mappingChanges")).isZero();
  }
}
