package io.faultline.engine.runtime.akka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.read.ListAppender;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Goal: the engine is a guest (R25): neither an application.conf nor a system property reaches its
 * actor system, it keeps no JVM alive and says nothing on success. Method: a hostile
 * application.conf among the test resources, hostile properties, and the proof that an ordinary
 * actor system does read both.
 */
class EngineActorSystemsTest {
  private static final String LEVEL = "akka.loglevel";
  private static final String MARK = "faultline.system-property-was-read";

  @BeforeEach
  void hostileProperties() {
    System.setProperty(LEVEL, "DEBUG");
    System.setProperty("akka.actor.default-dispatcher.throughput", "4");
    System.setProperty(MARK, "true");
    ConfigFactory.invalidateCaches();
  }

  @AfterEach
  void cleanProperties() {
    System.clearProperty(LEVEL);
    System.clearProperty("akka.actor.default-dispatcher.throughput");
    System.clearProperty(MARK);
    ConfigFactory.invalidateCaches();
  }

  @Test
  void neitherApplicationConfNorSystemPropertiesAreRead() {
    Config ordinary = ConfigFactory.load();
    assertThat(ordinary.getString(LEVEL)).isEqualTo("DEBUG");
    assertThat(ordinary.hasPath("faultline.application-conf-was-read")).isTrue();
    assertThat(ordinary.hasPath(MARK)).isTrue();

    ActorSystem<String> system = EngineActorSystems.create("guest", Behaviors.<String>empty());
    try {
      Config used = system.settings().config();
      assertThat(used.getString(LEVEL)).isEqualTo("WARNING");
      assertThat(used.getString("akka.log-dead-letters")).isEqualTo("off");
      assertThat(used.getInt("akka.actor.default-dispatcher.throughput")).isEqualTo(64);
      assertThat(used.hasPath("faultline.application-conf-was-read")).isFalse();
      assertThat(used.getBoolean("akka.daemonic")).isTrue();
      assertThat(used.getBoolean("akka.jvm-exit-on-fatal-error")).isFalse();
      assertThat(used.getBoolean("akka.jvm-shutdown-hooks")).isFalse();
      assertThat(used.getBoolean("akka.coordinated-shutdown.run-by-jvm-shutdown-hook")).isFalse();
    } finally {
      EngineActorSystems.terminate(system);
    }
  }

  @Test
  void overridesOfTheEngineItselfAreLaidOver() {
    Config overrides = ConfigFactory.parseString("akka.loglevel = ERROR, faultline.x = 1");
    assertThat(EngineActorSystems.config(overrides).getString(LEVEL)).isEqualTo("ERROR");
    assertThat(EngineActorSystems.config(overrides).getInt("faultline.x")).isEqualTo(1);
  }

  @Test
  void actorsRunOnVirtualThreadsAndEveryThreadOfTheSystemIsADaemon() {
    CompletableFuture<Thread> seen = new CompletableFuture<>();
    ActorSystem<String> system =
        EngineActorSystems.create(
            "guest",
            Behaviors.receiveMessage(
                message -> {
                  seen.complete(Thread.currentThread());
                  return Behaviors.same();
                }));
    try {
      system.tell("hello");
      assertThat(seen.orTimeout(20, TimeUnit.SECONDS).join().isVirtual()).isTrue();
      List<Thread> notDaemon = new ArrayList<>();
      for (Thread thread : Thread.getAllStackTraces().keySet()) {
        if (thread.getName().startsWith("guest") && !thread.isDaemon()) {
          notDaemon.add(thread);
        }
      }
      assertThat(notDaemon).isEmpty();
    } finally {
      EngineActorSystems.terminate(system);
    }
  }

  @Test
  void nothingIsLoggedOnSuccessAndAFailureIs() {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Level before = root.getLevel();
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    root.addAppender(lines);
    root.setLevel(Level.INFO);
    try {
      ActorSystem<String> system = EngineActorSystems.create("guest", Behaviors.<String>ignore());
      system.tell("hello");
      EngineActorSystems.terminate(system);
      system.tell("a dead letter");
      assertThat(lines.list).isEmpty();

      CompletableFuture<ILoggingEvent> error = new CompletableFuture<>();
      AppenderBase<ILoggingEvent> firstError =
          new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
              if (event.getLevel() == Level.ERROR) {
                error.complete(event);
              }
            }
          };
      firstError.start();
      root.addAppender(firstError);
      ActorSystem<String> failing = EngineActorSystems.create("guest", Behaviors.<String>ignore());
      failing
          .classicSystem()
          .log()
          .error(new IllegalStateException("the cause"), "expected by the test");
      ILoggingEvent line = error.orTimeout(20, TimeUnit.SECONDS).join();
      assertThat(line.getFormattedMessage()).contains("expected by the test");
      assertThat(line.getThrowableProxy().getMessage()).isEqualTo("the cause");
      root.detachAppender(firstError);
      EngineActorSystems.terminate(failing);
    } finally {
      root.setLevel(before);
      root.detachAppender(lines);
    }
  }

  @Test
  void anUnknownDispatcherIsRefusedByTheLibraryAndNotHidden() {
    Config wrong =
        ConfigFactory.parseString("akka.actor.default-dispatcher.executor = \"no.such.Class\"");
    assertThatThrownBy(() -> EngineActorSystems.create("guest", Behaviors.<String>empty(), wrong))
        .hasStackTraceContaining("no.such.Class");
  }
}
