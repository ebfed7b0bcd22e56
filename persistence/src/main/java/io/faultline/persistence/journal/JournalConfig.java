package io.faultline.persistence.journal;

import akka.actor.typed.DispatcherSelector;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;

/** The settings an actor system needs to hold volumes. */
public final class JournalConfig {
  /** The id of our own journal plugin. */
  public static final String PLUGIN_ID = "faultline.journal";

  /** The id of the snapshot plugin that tells Akka of a volume's checkpoint. */
  static final String CHECKPOINTS_ID = "faultline.checkpoints";

  /** Where the actors between a commit and the journal plugin run. */
  static final DispatcherSelector COMMIT_DISPATCHER =
      DispatcherSelector.fromConfig("faultline.commit-dispatcher");

  private JournalConfig() {}

  /** Hand this to {@code EngineActorSystems.create} as overrides. */
  public static Config overrides() {
    return ConfigFactory.parseResources(
        JournalConfig.class.getClassLoader(),
        "faultline-journal.conf",
        ConfigParseOptions.defaults().setAllowMissing(false));
  }
}
