package io.faultline.engine.runtime.akka;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.Behaviors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: a chain of actors on the commit dispatcher has answered when the tell returns, on that
 * thread, each behind the other and not inside it. Method: three actors and a depth that counts.
 */
@Timeout(30)
class CallingThreadTest {
  private static final DispatcherSelector INLINE =
      DispatcherSelector.fromConfig("faultline.commit-dispatcher");

  private final List<String> trace = Collections.synchronizedList(new ArrayList<>());
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  private Behavior<String> link(String name, ActorRef<String> next) {
    return Behaviors.receiveMessage(
        message -> {
          threads.add(Thread.currentThread());
          trace.add(name + " takes " + message);
          next.tell(message);
          trace.add(name + " is done");
          return Behaviors.same();
        });
  }

  private Behavior<String> end() {
    return Behaviors.receiveMessage(
        message -> {
          threads.add(Thread.currentThread());
          trace.add("end takes " + message);
          return Behaviors.same();
        });
  }

  @Test
  void aChainHasAnsweredWhenTheTellReturns() throws Exception {
    ActorSystem<Void> system = EngineActorSystems.create("calling", Behaviors.empty());
    try {
      ActorRef<String> end = system.systemActorOf(end(), "end", INLINE);
      ActorRef<String> second = system.systemActorOf(link("second", end), "second", INLINE);
      ActorRef<String> first = system.systemActorOf(link("first", second), "first", INLINE);
      // Started by whoever made them: only what is told from here on is ours.
      first.tell("a");
      while (trace.size() < 5) {
        Thread.onSpinWait();
      }
      trace.clear();
      threads.clear();
      first.tell("b");
      assertThat(trace)
          .containsExactly(
              "first takes b", "first is done", "second takes b", "second is done", "end takes b");
      assertThat(threads).containsExactly(Thread.currentThread());
    } finally {
      EngineActorSystems.terminate(system);
    }
  }

  @Test
  void anInterruptLosesNoTurn() throws Exception {
    ActorSystem<Void> system = EngineActorSystems.create("interrupted", Behaviors.empty());
    try {
      ActorRef<String> end = system.systemActorOf(end(), "end", INLINE);
      ActorRef<String> second = system.systemActorOf(link("second", end), "second", INLINE);
      ActorRef<String> first = system.systemActorOf(link("first", second), "first", INLINE);
      first.tell("a");
      while (trace.size() < 5) {
        Thread.onSpinWait();
      }
      trace.clear();
      Thread.currentThread().interrupt();
      first.tell("b");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(trace).hasSize(5).endsWith("end takes b");
    } finally {
      Thread.interrupted();
      EngineActorSystems.terminate(system);
    }
  }
}
