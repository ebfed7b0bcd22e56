package io.faultline.persistence.journal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;

/** The settings an actor system needs to hold volumes. */
public final class JournalConfig {
  /** The id of our own journal plugin. */
  public static final String PLUGIN_ID = "faultline.journal";

  private JournalConfig() {}

  /** Hand this to {@code EngineActorSystems.create} as overrides. */
  public static Config overrides() {
    return ConfigFactory.parseResources(
        JournalConfig.class.getClassLoader(),
        "faultline-journal.conf",
        ConfigParseOptions.defaults().setAllowMissing(false));
  }
}
