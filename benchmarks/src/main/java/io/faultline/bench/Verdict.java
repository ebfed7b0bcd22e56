package io.faultline.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Whether a goal was reached.
 *
 * @param goal for people
 * @param reached null where nothing could be measured
 * @param note why it is neither met nor missed, or empty
 */
record Verdict(String goal, @Nullable Spread reached, Status status, String note) {
  /** How a goal ended. Only {@link #MET} is met. */
  enum Status {
    MET,
    MISSED,
    /** The figure is too good, or a peer's is not what it was. */
    SUSPICIOUS,
    /** Somebody else used the cores that it needs. */
    REFUSED,
    /** The peer is not there, or a side failed. */
    NOT_MEASURED
  }

  /** Faster than copying memory by more than this is not believed. */
  static final double FLOOR_MIN = 0.95;

  /** A peer that is off by more than this factor is not believed. */
  static final double USUAL_FACTOR = 2;

  /** Cores others may use where all are needed. */
  static final double OTHERS_CORES_MAX = 0.5;

  /** Of every goal of a row. */
  static List<Verdict> of(RowResult result) {
    List<Verdict> verdicts = new ArrayList<>();
    String belowFloor = belowFloor(result);
    for (Goal goal : result.row().goals()) {
      double[] values = goal.values(result.samples());
      if (values.length == 0) {
        verdicts.add(new Verdict(goal.text(), null, Status.NOT_MEASURED, missing(result, goal)));
        continue;
      }
      Spread reached = Spread.of(values);
      String odd = belowFloor.isEmpty() ? oddPeer(result, goal) : belowFloor;
      if (refused(result)) {
        verdicts.add(new Verdict(goal.text(), reached, Status.REFUSED, busy(result)));
      } else if (!odd.isEmpty()) {
        verdicts.add(new Verdict(goal.text(), reached, Status.SUSPICIOUS, odd));
      } else {
        verdicts.add(
            new Verdict(
                goal.text(), reached, goal.met(reached.median()) ? Status.MET : Status.MISSED, ""));
      }
    }
    return verdicts;
  }

  private static boolean refused(RowResult result) {
    return result.row().idleCores() > 1 && result.othersCores() > OTHERS_CORES_MAX;
  }

  private static String busy(RowResult result) {
    return String.format(
        Locale.ROOT,
        "needs %d idle cores, others used %.1f",
        result.row().idleCores(),
        result.othersCores());
  }

  private static String missing(RowResult result, Goal goal) {
    Map<String, String> failures = result.failures();
    String ours = failures.getOrDefault(Targets.ENGINE, "");
    return ours.isEmpty() && goal.peer() != null
        ? failures.getOrDefault(goal.peer(), "no figures")
        : ours;
  }

  private static String belowFloor(RowResult result) {
    double[] times = Goal.time(Targets.FLOOR, 1).values(result.samples());
    double median = times.length == 0 ? 1 : Spread.of(times).median();
    return median >= FLOOR_MIN
        ? ""
        : String.format(Locale.ROOT, "%.2f of the time that copying takes", median);
  }

  /** What is odd about the peer of a goal, or about a peer that is held against that one. */
  private static String oddPeer(RowResult result, Goal goal) {
    List<Row.Usual> own = concerning(result.row().usual(), goal);
    for (Row.Usual usual : own) {
      if (isOff(result, usual)) {
        return odd(result, usual);
      }
    }
    return result.row().usual().stream()
        .filter(usual -> usual.base().equals(goal.peer()) && isOff(result, usual))
        .findFirst()
        .map(usual -> odd(result, usual))
        .orElse("");
  }

  /** About the goal's peer, and about the same figure if there is one of that. */
  private static List<Row.Usual> concerning(List<Row.Usual> all, Goal goal) {
    if (goal.peer() == null) {
      return all.stream().filter(usual -> usual.figure().equals(goal.figure())).toList();
    }
    List<Row.Usual> peers = all.stream().filter(usual -> usual.peer().equals(goal.peer())).toList();
    List<Row.Usual> exact =
        peers.stream().filter(usual -> usual.figure().equals(goal.figure())).toList();
    return exact.isEmpty() ? peers : exact;
  }

  private static boolean isOff(RowResult result, Row.Usual usual) {
    double off = ratio(result, usual) / usual.ratio();
    return off > USUAL_FACTOR || off < 1 / USUAL_FACTOR;
  }

  private static String odd(RowResult result, Row.Usual usual) {
    String figure = usual.figure().equals("ns") ? "" : "'s " + usual.figure();
    boolean itself = usual.peer().equals(usual.base());
    return String.format(
        Locale.ROOT,
        "%s%s is %.2f, was %.2f when the goals were set",
        usual.peer() + figure,
        itself ? "" : " / " + usual.base(),
        ratio(result, usual),
        usual.ratio());
  }

  /**
   * As goals are: the median over the rounds of what it is within one. As usual if there is none.
   */
  private static double ratio(RowResult result, Row.Usual usual) {
    List<Map<String, Double>> peers = result.samples().getOrDefault(usual.peer(), List.of());
    List<Map<String, Double>> bases = result.samples().getOrDefault(usual.base(), List.of());
    boolean itself = usual.peer().equals(usual.base());
    double[] ratios =
        IntStream.range(0, Math.min(peers.size(), bases.size()))
            .mapToDouble(
                round -> {
                  double peer = peers.get(round).getOrDefault(usual.figure(), Double.NaN);
                  double base = bases.get(round).getOrDefault(usual.figure(), Double.NaN);
                  return itself ? peer : peer / base;
                })
            .filter(ratio -> !Double.isNaN(ratio))
            .toArray();
    return ratios.length == 0 ? usual.ratio() : Spread.of(ratios).median();
  }
}
