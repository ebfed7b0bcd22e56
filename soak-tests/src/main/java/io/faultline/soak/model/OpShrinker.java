package io.faultline.soak.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Makes a failing list of operations smaller by leaving operations out, large runs first, until no
 * single one can be spared. The order of what stays never changes.
 */
public final class OpShrinker {

  private OpShrinker() {}

  /**
   * Shrinks {@code ops}.
   *
   * @param fails whether a list still shows the failure; called often, must be deterministic
   * @param <T> the operation type
   * @return a sublist that fails and of which no element can be left out
   * @throws IllegalArgumentException if the whole list does not fail
   */
  public static <T> List<T> shrink(List<T> ops, Predicate<List<T>> fails) {
    if (!fails.test(List.copyOf(ops))) {
      throw new IllegalArgumentException("the list does not fail, there is nothing to shrink");
    }
    List<T> current = new ArrayList<>(ops);
    int run = Math.max(1, current.size() / 2);
    while (true) {
      boolean removed = false;
      for (int from = 0; from < current.size(); ) {
        List<T> without = new ArrayList<>(current.subList(0, from));
        without.addAll(current.subList(Math.min(from + run, current.size()), current.size()));
        if (fails.test(List.copyOf(without))) {
          current = without;
          removed = true;
        } else {
          from += run;
        }
      }
      if (run > 1) {
        run /= 2;
      } else if (!removed) {
        return List.copyOf(current);
      }
    }
  }
}
