package io.faultline.soak.race;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.engine.runtime.sim.Explorer;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goal: a simulated task never blocks on a monitor that the JVM's own threads take, which nothing
 * in a run would end. Method: a thread beside the run keeps the monitor of the cleaner of direct
 * buffers busy; with a direct buffer in the journal's writer most explorations ended in a deadlock.
 */
@Tag("simulation")
class JvmMonitorTest {
  private static final int EXPLORATIONS = 2;

  @BeforeAll
  static void begin() {
    Laboratory.begin();
  }

  @Test
  void aRunMeetsNoMonitorOfTheJvmsOwnThreads() throws InterruptedException {
    AtomicBoolean over = new AtomicBoolean();
    AtomicReference<ByteBuffer> last = new AtomicReference<>();
    Thread busy =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  while (!over.get()) {
                    last.set(ByteBuffer.allocateDirect(16));
                  }
                });
    try {
      Scenario scenario = Scenarios.find("punch-vs-read").orElseThrow();
      for (int i = 0; i < EXPLORATIONS; i++) {
        Explorer.Result result =
            Laboratory.explore(scenario, false, new Explorer.Options(1, Long.MAX_VALUE, true));
        assertThat(result.failure()).isEmpty();
      }
    } finally {
      over.set(true);
      busy.join();
    }
    assertThat(last.get()).as("the other thread took part").isNotNull();
  }
}
