package io.faultline.bench;

import java.io.IOException;
import java.util.Map;

/**
 * Empty files made, asked for and removed, in one directory. {@code create}, {@code stat} and
 * {@code unlink} are nanoseconds each.
 *
 * @param names how many
 */
record Naming(int names) implements Windows {
  @Override
  public Session prepare(Target target) throws IOException {
    String[] name = new String[names];
    for (int i = 0; i < names; i++) {
      name[i] = "name-" + i;
    }
    return new Session() {
      @Override
      public Map<String, Double> measure(int millis) throws IOException {
        long create = 0;
        long stat = 0;
        long unlink = 0;
        long passes = 0;
        long wrong = 0;
        long until = System.nanoTime() + millis * 1_000_000L;
        do {
          long began = System.nanoTime();
          for (String each : name) {
            target.create(each);
          }
          long created = System.nanoTime();
          for (String each : name) {
            wrong |= target.stat(each);
          }
          long told = System.nanoTime();
          for (String each : name) {
            target.unlink(each);
          }
          long end = System.nanoTime();
          create += created - began;
          stat += told - created;
          unlink += end - told;
          passes++;
        } while (System.nanoTime() < until);
        if (wrong != 0 || exists(target, name[0])) {
          throw new WrongDataException("kind=wrong-name file=" + name[0] + " saw=" + wrong);
        }
        double calls = (double) passes * names;
        return Map.of("create", create / calls, "stat", stat / calls, "unlink", unlink / calls);
      }

      @Override
      public void close() {}
    };
  }

  private static boolean exists(Target target, String name) {
    try {
      target.stat(name);
      return true;
    } catch (IOException gone) {
      return false;
    }
  }
}
