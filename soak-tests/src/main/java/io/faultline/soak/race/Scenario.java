package io.faultline.soak.race;

import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.SimRuntime;
import io.faultline.engine.runtime.sim.SimScheduler;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A race on a stage of its own: set-up, then clients that the scheduler interleaves, then a check.
 * Set-up and check are no choice points.
 *
 * @param name what {@code race run} is given, for example {@code punch-vs-read}
 * @param race letter of the race in SEMANTICS §1, with a digit for a variant, for example {@code
 *     d1}
 * @param story what happens, in one sentence
 * @param cure the rule or the lock that forbids it, in one sentence
 * @param staging what it is played on, and by whom
 * @param omission what has to be left out for the race to show
 * @param kind of the violation it then shows, with the invariant, for example {@code stale-read}
 * @param invariants broken by it, such as {@code I1, I2, I15}
 * @param survives true where leaving that out is shown to do no harm
 */
public record Scenario(
    String name,
    String race,
    String story,
    String cure,
    Staging staging,
    Omission omission,
    String kind,
    String invariants,
    boolean survives)
    implements Explorer.Scenario {
  /** Far more than any of these runs needs: who gets there, runs in a circle. */
  private static final long STEPS_MAX = 50_000;

  /**
   * A race on a whole volume.
   *
   * @param setup its volume
   * @param script makes the clients
   */
  public Scenario(
      String name,
      String race,
      String story,
      String cure,
      RaceSetup setup,
      Omission omission,
      String kind,
      String invariants,
      boolean survives,
      Script script) {
    this(
        name,
        race,
        story,
        cure,
        new VolumeStaging(setup, script),
        omission,
        kind,
        invariants,
        survives);
  }

  /** Makes the clients of one run. */
  @FunctionalInterface
  public interface Script {
    /** Sets {@code volume} up and adds to {@code cast}. */
    void clients(RaceVolume volume, Cast cast) throws Exception;
  }

  /** Hears when the clients begin and when all have returned. */
  interface Curtain {
    /** The clients of these names can run from here on. */
    void rises(List<String> clients);

    /** All clients have returned. */
    void falls();
  }

  /** Whether it shows no violation but what its guard costs. */
  public boolean isCost() {
    return survives && omission.equals(Omission.of());
  }

  /** The same under the guard under which its violation shows; the mutants are the caller's. */
  Scenario omitted() {
    return withGuard(omission.guard());
  }

  /** The same under another guard. */
  public Scenario withGuard(Guard guard) {
    return new Scenario(
        name, race, story, cure, staging.withGuard(guard), omission, kind, invariants, survives);
  }

  /** The same with another thing left out, which is then needed. */
  Scenario leavingOut(Omission other) {
    return new Scenario(name, race, story, cure, staging, other, kind, invariants, false);
  }

  @Override
  public void prepare(SimScheduler scheduler) {
    prepare(
        scheduler,
        new Curtain() {
          @Override
          public void rises(List<String> clients) {}

          @Override
          public void falls() {}
        });
  }

  void prepare(SimScheduler scheduler, Curtain curtain) {
    scheduler.stepsMax(STEPS_MAX).client("main", () -> play(scheduler, curtain));
  }

  private void play(SimScheduler scheduler, Curtain curtain) throws Exception {
    scheduler.quiet(true);
    Stage stage = staging.stage(new SimRuntime(scheduler));
    scheduler.afterwards(stage::abandon);
    Cast cast = new Cast();
    stage.cast(cast);
    List<Cast.Client> clients = cast.clients();
    // Woken by the last one only: this task has nothing to do before, and would be a choice.
    CompletableFuture<Void> end = new CompletableFuture<>();
    AtomicInteger left = new AtomicInteger(clients.size());
    for (Cast.Client client : clients) {
      scheduler.client(
          client.name(),
          () -> {
            client.body().run();
            if (left.decrementAndGet() == 0) {
              end.complete(null);
            }
          });
    }
    curtain.rises(clients.stream().map(Cast.Client::name).toList());
    scheduler.quiet(false);
    end.join();
    scheduler.quiet(true);
    curtain.falls();
    cast.check().run();
    stage.close();
  }
}
