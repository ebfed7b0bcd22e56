package io.faultline.persistence.journal;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.SpawnProtocol;
import io.faultline.engine.actor.ActorRouter;
import io.faultline.engine.device.JournalStore;
import io.faultline.engine.runtime.EngineRuntime;
import io.faultline.engine.runtime.akka.EngineActorSystems;
import io.faultline.engine.volume.CommandRouter;
import io.faultline.engine.volume.MappingOperations;
import io.faultline.persistence.checkpoint.CheckpointStore;
import io.faultline.persistence.checkpoint.RecoveryPoint;
import io.faultline.persistence.segment.SegmentLog;
import io.faultline.persistence.segment.VolumeIdentity;
import java.io.IOException;
import java.util.function.Function;

/**
 * The actor system that volumes live in. There is one per JVM (rule R25), started by the first
 * volume and kept: its threads are daemons, and starting it again would cost every short-lived
 * volume more than it holds while idle. Thread-safe.
 */
public final class VolumeSystem {
  private final ActorSystem<SpawnProtocol.Command> system;

  private VolumeSystem(ActorSystem<SpawnProtocol.Command> system) {
    this.system = system;
  }

  private static final class Shared {
    static final VolumeSystem SYSTEM = start("faultline");
  }

  /** The system of this JVM. */
  public static VolumeSystem shared() {
    return Shared.SYSTEM;
  }

  /** A system of one's own; for tests and simulations. */
  public static VolumeSystem start(String name) {
    return new VolumeSystem(
        EngineActorSystems.create(name, SpawnProtocol.create(), JournalConfig.overrides()));
  }

  /** Recovers the state of a volume without checkpoints through its journal. */
  public VolumeLog.Recovered recover(
      EngineRuntime runtime, VolumeIdentity identity, JournalStore store, String journalPluginId)
      throws IOException {
    requirePlugin(journalPluginId);
    return VolumeLog.open(system, runtime, identity, store, journalPluginId);
  }

  /** Recovers a volume's state from its newest checkpoint through its journal. */
  public VolumeLog.Recovered recover(
      EngineRuntime runtime,
      VolumeIdentity identity,
      JournalStore store,
      CheckpointStore checkpoints,
      String journalPluginId)
      throws IOException {
    requirePlugin(journalPluginId);
    RecoveryPoint start = RecoveryPoint.newest(store, checkpoints, identity);
    return VolumeLog.open(system, runtime, identity, store, start, journalPluginId);
  }

  private void requirePlugin(String journalPluginId) throws IOException {
    if (!system.settings().config().hasPath(journalPluginId + ".class")) {
      throw new IOException(
          "there is no journal plugin \"" + journalPluginId + "\" in the configuration");
    }
  }

  /**
   * Recovers from a journal that was opened already, such as one with small segments; for tests of
   * other packages.
   *
   * @param start what to begin with; the journal was opened behind its anchor
   * @param segments closed by the recovered log
   */
  public VolumeLog.Recovered recover(
      VolumeIdentity identity, RecoveryPoint start, SegmentLog segments) throws IOException {
    return VolumeLog.open(system, identity, segments, start, JournalConfig.PLUGIN_ID);
  }

  /** Runs the commands of one volume in this system. */
  public Function<MappingOperations, CommandRouter> routing(String name, EngineRuntime runtime) {
    return operations -> ActorRouter.start(system, name, runtime, operations);
  }

  /** Stops a system of one's own. */
  public void terminate() {
    system.terminate();
  }
}
