package io.faultline.cli.architecture.broken.persistence;

import java.util.logging.Logger;

/** Breaks a rule on purpose: a library that prints and logs past slf4j. */
public final class Chatter {
  private Chatter() {}

  /** Says something twice. */
  public static void say(String text) {
    System.out.println(text);
    Logger.getLogger("chatter").info(text);
  }
}
