package io.faultline.soak.crash;

/**
 * Something that must not be found behind a crash.
 *
 * @param text what is wrong; begins with its kind and a colon
 * @param trail sequence and crashes that lead there, see {@link Trail}
 */
public record CrashFinding(String text, String trail) {
  private static final int TEXT_LENGTH_MAX = 300;

  /** One word. */
  public String kind() {
    int colon = text.indexOf(':');
    return colon < 0 ? "error" : text.substring(0, colon).strip().replace(' ', '-');
  }

  /** The line that scripts look for. */
  public String line() {
    String saw = text.substring(text.indexOf(':') + 1).strip().replaceAll("[\\s\\p{Cntrl}]+", "_");
    return "VIOLATION kind=crash-"
        + kind()
        + " ino=- offset=- saw="
        + (saw.length() > TEXT_LENGTH_MAX ? saw.substring(0, TEXT_LENGTH_MAX) + "…" : saw)
        + " allowed=the_model lsn=-";
  }
}
