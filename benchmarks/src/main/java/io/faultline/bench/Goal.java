package io.faultline.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a row is to reach.
 *
 * @param figure which figure of the samples
 * @param kind how it is compared
 * @param peer the target compared with; null where the figure itself is
 * @param bound what is to be reached
 */
record Goal(String figure, Kind kind, @Nullable String peer, double bound) {
  /** How a goal compares. */
  enum Kind {
    /** The peer's time is at least {@code bound} times ours. */
    FASTER,
    /** Our time is at most {@code bound} times the peer's. */
    TIME,
    /** The figure is at least {@code bound}. */
    AT_LEAST,
    /** The figure is at most {@code bound}. */
    AT_MOST
  }

  static Goal faster(String peer, double bound) {
    return new Goal("ns", Kind.FASTER, peer, bound);
  }

  static Goal time(String peer, double bound) {
    return new Goal("ns", Kind.TIME, peer, bound);
  }

  static Goal atLeast(String figure, double bound) {
    return new Goal(figure, Kind.AT_LEAST, null, bound);
  }

  static Goal atMost(String figure, double bound) {
    return new Goal(figure, Kind.AT_MOST, null, bound);
  }

  /** The same goal about another figure. */
  Goal of(String other) {
    return new Goal(other, kind, peer, bound);
  }

  boolean met(double value) {
    return more() ? value >= bound : value <= bound;
  }

  private boolean more() {
    return kind == Kind.FASTER || kind == Kind.AT_LEAST;
  }

  /** For people, as {@code >= 2.20x ext4} or {@code ns <= 12.00}. */
  String text() {
    String sign = more() ? ">=" : "<=";
    String number = String.format(Locale.ROOT, bound < 1000 ? "%.2f" : "%,.0f", bound);
    number = number.replace(',', ' ');
    String what = figure.equals("ns") && peer != null ? "" : figure + " ";
    return what
        + sign
        + " "
        + number
        + (peer == null ? "" : kind == Kind.TIME ? "x " + peer + "'s time" : "x " + peer);
  }

  /**
   * The value of each round in which both sides were measured; maybe none.
   *
   * @param samples of each target, by round, null where there is none
   */
  double[] values(Map<String, List<Map<String, Double>>> samples) {
    List<Map<String, Double>> ours = samples.getOrDefault(Targets.ENGINE, List.of());
    List<Map<String, Double>> theirs = peer == null ? ours : samples.getOrDefault(peer, List.of());
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < Math.min(ours.size(), theirs.size()); i++) {
      Double mine = ours.get(i).get(figure);
      Double other = theirs.get(i).get(figure);
      if (mine != null && other != null) {
        values.add(
            switch (kind) {
              case FASTER -> other / mine;
              case TIME -> mine / other;
              case AT_LEAST, AT_MOST -> mine;
            });
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
