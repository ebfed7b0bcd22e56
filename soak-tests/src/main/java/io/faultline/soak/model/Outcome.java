package io.faultline.soak.model;

/**
 * What an operation of the model answered: a value, or an errno by its symbolic name. Errors are
 * values here because a comparison treats both answers alike.
 *
 * @param <T> the payload of a success
 */
public sealed interface Outcome<T> {

  /**
   * Success.
   *
   * @param <T> the payload's type
   * @param value the payload; {@link Done#DONE} where there is nothing to say
   */
  record Ok<T>(T value) implements Outcome<T> {}

  /**
   * Refusal; the model is unchanged, except that a refused write may have created its file, as
   * opening with O_CREAT does.
   *
   * @param <T> the payload's type of the success that did not happen
   * @param errno symbolic name, such as {@code ENOENT}
   */
  record Err<T>(String errno) implements Outcome<T> {}

  /** The payload of operations that only succeed. */
  enum Done {
    /** The only value. */
    DONE
  }
}
