package io.faultline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What counts as met. Goal: a figure that cannot be true, a peer that is not itself and a busy
 * machine never count. Method: figures and a /proc that are made up.
 */
class VerdictTest {
  @TempDir Path temp;

  private static final Row ROW =
      Row.of(
              "row",
              "a row",
              List.of(Targets.ENGINE, Targets.HOST, Targets.JIMFS, Targets.FLOOR),
              new Idling())
          .needing(2)
          .reaching(
              Goal.faster(Targets.HOST, 2),
              Goal.time(Targets.FLOOR, 1.3),
              Goal.faster(Targets.JIMFS, 4),
              Goal.atMost("grows", 1.1))
          .where(Row.Usual.ofFloor(Targets.HOST, 2.7), Row.Usual.ofFloor(Targets.JIMFS, 2));

  private static RowResult result(
      double ours, double host, double jimfs, double floor, double othersCores) {
    Map<String, List<Map<String, Double>>> samples = new HashMap<>();
    samples.put(Targets.ENGINE, rounds(ours));
    samples.put(Targets.HOST, rounds(host));
    samples.put(Targets.JIMFS, rounds(jimfs));
    samples.put(Targets.FLOOR, rounds(floor));
    return new RowResult(ROW, samples, Map.of(), othersCores);
  }

  /** Three rounds, of which the machine had a bad one, the same for all. */
  private static List<Map<String, Double>> rounds(double ns) {
    List<Map<String, Double>> rounds = new ArrayList<>();
    for (double factor : new double[] {1, 5, 1.1}) {
      rounds.add(Map.of("ns", ns * factor, "grows", 1.05));
    }
    return rounds;
  }

  private static List<Verdict.Status> statuses(RowResult result) {
    return Verdict.of(result).stream().map(Verdict::status).toList();
  }

  @Test
  void ratiosAreWithinARound() {
    List<Verdict> verdicts = Verdict.of(result(400, 900, 700, 350, 0));
    assertThat(verdicts.getFirst().reached()).isEqualTo(new Spread(2.25, 2.25, 2.25));
    assertThat(statuses(result(400, 900, 700, 350, 0)))
        .containsExactly(
            Verdict.Status.MET, Verdict.Status.MET, Verdict.Status.MISSED, Verdict.Status.MET);
  }

  @Test
  void belowTheTimeOfCopyingNothingIsBelieved() {
    assertThat(statuses(result(330, 900, 700, 350, 0)))
        .containsOnly(Verdict.Status.SUSPICIOUS)
        .hasSize(4);
    assertThat(statuses(result(335, 900, 700, 350, 0))).contains(Verdict.Status.MET);
  }

  @Test
  void aPeerThatIsOffByTwoIsNotBelieved() {
    assertThat(statuses(result(400, 2000, 700, 350, 0)).getFirst())
        .isEqualTo(Verdict.Status.SUSPICIOUS);
    assertThat(statuses(result(200, 450, 700, 350, 0)).getFirst())
        .isEqualTo(Verdict.Status.SUSPICIOUS);
    assertThat(statuses(result(400, 900, 1500, 350, 0)))
        .as("the others stand, but what all are held against does not")
        .containsExactly(
            Verdict.Status.MET,
            Verdict.Status.SUSPICIOUS,
            Verdict.Status.SUSPICIOUS,
            Verdict.Status.MET);
  }

  @Test
  void oneOfManyThatIsOffIsEnoughForWhatAllAreHeldAgainst() {
    Row.Usual[] usual = {
      Row.Usual.ofFloor(Targets.HOST, 2.7),
      Row.Usual.ofFloor(Targets.JIMFS, 2),
      Row.Usual.ofFloor(Targets.MAPPED, 1)
    };
    Map<String, List<Map<String, Double>>> samples =
        new HashMap<>(result(400, 900, 1500, 350, 0).samples());
    samples.put(Targets.MAPPED, rounds(350));
    assertThat(statuses(new RowResult(ROW.where(usual), samples, Map.of(), 0)))
        .containsExactly(
            Verdict.Status.MET,
            Verdict.Status.SUSPICIOUS,
            Verdict.Status.SUSPICIOUS,
            Verdict.Status.MET);
  }

  @Test
  void aPeerIsHeldAgainstItsOwnFigure() {
    Row row =
        ROW.reaching(Goal.faster(Targets.HOST, 1), Goal.faster(Targets.HOST, 1).of("grows"))
            .where(
                new Row.Usual(Targets.HOST, Targets.FLOOR, "ns", 2.7),
                new Row.Usual(Targets.HOST, Targets.FLOOR, "grows", 9));
    RowResult result = new RowResult(row, result(400, 900, 700, 350, 0).samples(), Map.of(), 0);
    assertThat(statuses(result)).containsExactly(Verdict.Status.MET, Verdict.Status.SUSPICIOUS);
  }

  @Test
  void aBusyMachineIsRefused() {
    assertThat(statuses(result(400, 900, 700, 350, 0.6))).containsOnly(Verdict.Status.REFUSED);
    assertThat(Verdict.of(result(400, 900, 700, 350, 0.6)).getFirst().note())
        .isEqualTo("needs 2 idle cores, others used 0.6");
    assertThat(statuses(result(400, 900, 700, 350, 0.4))).contains(Verdict.Status.MET);
  }

  @Test
  void whatWasNotMeasuredIsNotMet() {
    RowResult all = result(400, 900, 700, 350, 0);
    Map<String, List<Map<String, Double>>> some = new HashMap<>(all.samples());
    some.remove(Targets.JIMFS);
    Verdict verdict =
        Verdict.of(new RowResult(ROW, some, Map.of(Targets.JIMFS, "absent: jimfs"), 0)).get(2);
    assertThat(verdict.status()).isEqualTo(Verdict.Status.NOT_MEASURED);
    assertThat(verdict.note()).isEqualTo("absent: jimfs");
  }

  @Test
  void ownWorkAndTheKernelsDoNotCountAsOthers() throws IOException {
    Machine machine = new Machine(temp);
    proc(1000, 100, 0, 50, 10);
    Machine.Reading before = machine.read(Set.of(7L));
    proc(1000 + 300, 100 + 150, 50, 50 + 40, 10 + 60);
    Machine.Reading after = machine.read(Set.of(7L));
    assertThat(after.ticks() - before.ticks())
        .as("300 and 60 stolen, less 150 ours, 50 of a child of ours, 40 of a kernel thread")
        .isEqualTo(120);
    Machine.Reading second =
        new Machine.Reading(before.ticks() + 120, before.nanos() + 2_000_000_000L);
    assertThat(Machine.cores(before, second)).isEqualTo(0.6);
  }

  /** Process 7 measures, 8 is a kernel thread, 9 somebody else with an odd name. */
  private void proc(long machine, long ours, long ended, long kernel, long stolen)
      throws IOException {
    Files.writeString(
        temp.resolve("stat"), "cpu  " + machine + " 0 0 999 9 9 9 " + stolen + " 0 0\ncpu0 1\n");
    process(7, "java", 1, ours, ended);
    process(8, "kworker/0:1", 2, kernel, 0);
    process(9, "a) R 2 (b", 1, 5, 0);
  }

  /** Its own ticks, and those of children that have ended. */
  private void process(int pid, String name, int parent, long ticks, long ended)
      throws IOException {
    Files.createDirectories(temp.resolve("" + pid));
    Files.writeString(
        temp.resolve(pid + "/stat"),
        "%d (%s) S %d 0 0 0 0 0 0 0 0 0 %d 0 %d 0 0\n".formatted(pid, name, parent, ticks, ended));
  }

  @Test
  void theSheetSaysWhatHappened() {
    Sheet sheet = new Sheet();
    sheet.add(result(400, 900, 1500, 350, 0));
    assertThat(sheet.summary()).isEqualTo("goals: 2 met, 2 SUSPICIOUS");
    assertThat(sheet.markdown(List.of("a machine")))
        .startsWith("# Measured by `faultline bench`\n\n- a machine\n")
        .contains(
            "| row | a row | >= 2.00x ext4 | 2.25 (2.25..2.25) | met |\n",
            "SUSPICIOUS: jimfs / memcpy is 4.29, was 2.00 when the goals were set |\n",
            "| row | faultline | grows 1.05 (1.05..1.05), ns 440 (400..2 000) |\n");
    Figures figures = new Figures();
    Sheet.put(result(400, 900, 700, 350, 0), figures);
    assertThat(figures.json())
        .contains("\"row.ext4.ns\": 990.0,", "\"row.goal >= 2.00x ext4.status\": \"met\"");
  }
}
