package io.faultline.engine.runtime.sim;

import java.io.Serial;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The choices of one run: which of the runnable tasks went on, at each moment where there were at
 * least two. Task 0 is the one that was running, when it still can, otherwise the one that has
 * waited longest; a schedule that has come to its end goes on with 0.
 *
 * <p>As text: numbers separated by dots, {@code N*K} for K times N, trailing zeros left out, {@code
 * -} when nothing is left. {@code 0*3.1.2} is accepted wherever a schedule is asked for.
 *
 * @param choices the choices in order
 */
public record Schedule(List<Integer> choices) {
  /** Enough for any run the step limit allows; a longer text is a mistake, not a schedule. */
  private static final int CHOICES_MAX = 10_000_000;

  /** A run met a choice that its schedule answers with a task that is not there. */
  public static final class MisfitException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    MisfitException(String text) {
      super(text);
    }
  }

  /** Copies the list. */
  public Schedule {
    choices = List.copyOf(choices);
  }

  /**
   * Reads what {@link #toString} wrote.
   *
   * @param text the schedule
   * @return the choices
   * @throws IllegalArgumentException naming the part that is not a choice
   */
  public static Schedule parse(String text) {
    List<Integer> choices = new ArrayList<>();
    if (text.equals("-")) {
      return new Schedule(choices);
    }
    for (String part : text.split("\\.", -1)) {
      try {
        int star = part.indexOf('*');
        int choice = Integer.parseInt(star < 0 ? part : part.substring(0, star));
        int times = star < 0 ? 1 : Integer.parseInt(part.substring(star + 1));
        if (choice < 0 || times < 1 || times > CHOICES_MAX - choices.size()) {
          throw new NumberFormatException(part);
        }
        choices.addAll(Collections.nCopies(times, choice));
      } catch (NumberFormatException notAChoice) {
        throw new IllegalArgumentException("'" + part + "' in schedule '" + text + "'", notAChoice);
      }
    }
    return new Schedule(choices);
  }

  @Override
  public String toString() {
    int end = choices.size();
    while (end > 0 && choices.get(end - 1) == 0) {
      end--;
    }
    if (end == 0) {
      return "-";
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < end; ) {
      int choice = choices.get(i);
      int times = 1;
      while (i + times < end && choices.get(i + times) == choice) {
        times++;
      }
      text.append(text.isEmpty() ? "" : ".").append(choice);
      if (times > 1) {
        text.append('*').append(times);
      }
      i += times;
    }
    return text.toString();
  }
}
