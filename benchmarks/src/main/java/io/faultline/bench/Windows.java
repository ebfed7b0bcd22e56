package io.faultline.bench;

import java.io.Closeable;
import java.io.IOException;
import java.util.Map;

/**
 * What is measured window by window, in a JVM that lives as long as the row, so that the windows of
 * several targets alternate.
 */
non-sealed interface Windows extends Work {
  /** Makes files and fills them. */
  Session prepare(Target target) throws IOException;

  /** A target made ready, to be measured window by window. */
  interface Session extends Closeable {
    /**
     * One window of about {@code millis} milliseconds.
     *
     * @return figures by name; {@code ns} is nanoseconds an operation
     * @throws WrongDataException a read gave what it must not
     */
    Map<String, Double> measure(int millis) throws IOException;

    /**
     * Compares what was written with what is there, and removes the files.
     *
     * @throws WrongDataException it is something else
     */
    @Override
    void close() throws IOException;
  }
}
