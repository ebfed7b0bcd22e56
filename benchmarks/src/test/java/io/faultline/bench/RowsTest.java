package io.faultline.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The rows in miniature. Goal: every row measures every target of its, each goal finds its figures,
 * and a target that lies is caught by each kind of work. Method: files of one MiB, windows of a few
 * milliseconds, in this JVM; targets whose library is absent are left out.
 */
class RowsTest {
  private static final List<Row> ROWS = Rows.of(Rows.Sizes.TINY);
  private static final int MILLIS = 6;

  @TempDir Path temp;

  private static Windows work(String key) {
    return (Windows)
        ROWS.stream().filter(row -> row.key().equals(key)).findFirst().orElseThrow().work();
  }

  @Test
  void everyRowMeasuresEveryTarget() throws IOException {
    Map<String, Target> targets = new HashMap<>();
    Set<String> absent = new TreeSet<>();
    try {
      for (Row row : ROWS) {
        if (row.key().equals("start") || row.work() instanceof Forks) {
          continue; // starts JVMs; see PeerBenchTest
        }
        Map<String, List<Map<String, Double>>> samples = new HashMap<>();
        for (String name : row.targets()) {
          Target target = targets.get(name);
          if (target == null && !absent.contains(name)) {
            try {
              Path place = Files.createDirectories(temp.resolve(name));
              target = Targets.make(name, place, 16L << 20);
              targets.put(name, target);
            } catch (AbsentException missing) {
              absent.add(name);
            }
          }
          if (target != null) {
            samples.put(name, List.of(measure(row, target)));
          }
        }
        for (Goal goal : row.goals()) {
          if (goal.peer() == null || !absent.contains(goal.peer())) {
            assertThat(goal.values(samples)).as("%s: %s", row.key(), goal.text()).hasSize(1);
          }
        }
      }
    } finally {
      for (Target target : targets.values()) {
        target.close();
      }
    }
    assertThat(absent).isSubsetOf(Targets.JIMFS, Targets.MEMORY_FILE_SYSTEM);
  }

  private static Map<String, Double> measure(Row row, Target target) throws IOException {
    Map<String, Double> figures;
    try (Windows.Session session = ((Windows) row.work()).prepare(target)) {
      figures = session.measure(MILLIS);
    }
    assertThat(figures.values()).as("%s", row.key()).allMatch(each -> !each.isNaN());
    return figures;
  }

  @ParameterizedTest
  @EnumSource(LyingTarget.Lie.class)
  void aTargetThatLiesIsCaught(LyingTarget.Lie lie) {
    List<String> keys =
        switch (lie) {
          case READS_THE_NEIGHBOUR -> List.of("miss", "miss16", "mixed4k");
          case READS_SHORT -> List.of("miss", "append", "mixed1m", "miss16");
          case LOSES_WRITES -> List.of("overwrite", "overwrite2", "append", "mixed4k");
          case KEEPS_NAMES -> List.of("names");
        };
    for (String key : keys) {
      LyingTarget target = new LyingTarget(lie);
      assertThatThrownBy(
              () -> {
                try (Windows.Session session = work(key).prepare(target)) {
                  session.measure(50);
                }
              })
          .as("%s", key)
          .isInstanceOf(WrongDataException.class)
          .hasMessageStartingWith("kind=");
    }
  }

  @Test
  void aWordSelectsEveryKeyThatBeginsWithIt() {
    assertThat(Selection.of(ROWS, List.of())).isEqualTo(ROWS);
    assertThat(Selection.of(ROWS, List.of("hot", "punch")).stream().map(Row::key))
        .containsExactly("hot", "hot2", "punch");
    assertThat(Selection.of(ROWS, List.of("sync")))
        .hasSize(7)
        .allMatch(row -> row.setup() == Row.Setup.USUAL);
    assertThatThrownBy(() -> Selection.of(ROWS, List.of("hot", "cool")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rows=cool: known are read, read2, hot");
  }
}
