package io.faultline.soak.race;

import io.faultline.engine.runtime.sim.SimScheduler;
import java.util.ArrayList;
import java.util.List;

/** Who takes part in one run, and what must hold after everybody has returned. */
public final class Cast {
  record Client(String name, SimScheduler.Body body) {}

  private final List<Client> clients = new ArrayList<>();
  private SimScheduler.Body check = () -> {};

  Cast() {}

  /**
   * Adds a client.
   *
   * @param name a word for the timeline
   * @param body what it does; anything it throws fails the run
   */
  public Cast client(String name, SimScheduler.Body body) {
    clients.add(new Client(name, body));
    return this;
  }

  /**
   * Replaces the check, made by one task once all clients have returned; no choice points in it.
   */
  public Cast check(SimScheduler.Body body) {
    check = body;
    return this;
  }

  List<Client> clients() {
    return List.copyOf(clients);
  }

  SimScheduler.Body check() {
    return check;
  }
}
