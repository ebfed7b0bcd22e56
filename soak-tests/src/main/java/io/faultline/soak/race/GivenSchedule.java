package io.faultline.soak.race;

import io.faultline.engine.runtime.sim.Schedule;

/**
 * A schedule as {@code race} prints it and takes it. Its choices mean what they say only under the
 * mode in which they were made, which therefore is part of the text: {@code plain:0*3.1} was made
 * without reduction, {@code 0*3.1} with it.
 *
 * @param choices who went on, where there was a choice
 * @param reduced whether a task that has found that it must wait parks without a choice
 */
public record GivenSchedule(Schedule choices, boolean reduced) {
  private static final String PLAIN = "plain:";

  /**
   * Reads what {@link #toString} wrote.
   *
   * @throws IllegalArgumentException naming the part that is not a choice
   */
  public static GivenSchedule parse(String text) {
    boolean reduced = !text.startsWith(PLAIN);
    return new GivenSchedule(
        Schedule.parse(reduced ? text : text.substring(PLAIN.length())), reduced);
  }

  @Override
  public String toString() {
    return (reduced ? "" : PLAIN) + choices;
  }
}
