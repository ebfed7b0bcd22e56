package io.faultline.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: a request is answered exactly once and wakes everybody. Method: direct calls and racing
 * threads.
 */
@Timeout(60)
class IoTest {

  @Test
  void ofManyRacingCompletionsExactlyOneIsAccepted() throws Exception {
    for (int round = 0; round < 200; round++) {
      AtomicInteger handled = new AtomicInteger();
      AtomicInteger refused = new AtomicInteger();
      Io io = Io.flush().onDone(done -> handled.incrementAndGet());
      CountDownLatch go = new CountDownLatch(1);
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 3; t++) {
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        go.await();
                        io.complete(null);
                      } catch (IllegalStateException twice) {
                        refused.incrementAndGet();
                      } catch (InterruptedException e) {
                        throw new AssertionError(e);
                      }
                    }));
      }
      go.countDown();
      io.await();
      for (Thread t : threads) {
        t.join();
      }
      assertThat(handled).hasValue(1);
      assertThat(refused).hasValue(2);
    }
  }

  @Test
  void theFirstOutcomeStandsAfterASecondCompletion() {
    Io io = Io.flush();
    io.complete(new IOException("first"));
    assertThatThrownBy(() -> io.complete(null)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(io::await).isInstanceOf(IOException.class).hasMessage("first");
  }

  @Test
  void waitersReturnAfterTheHandlerAndKeepTheirInterrupt() throws Exception {
    AtomicInteger handled = new AtomicInteger();
    Io io = Io.flush().onDone(done -> handled.set(1));
    AtomicInteger seen = new AtomicInteger();
    AtomicInteger flags = new AtomicInteger();
    List<Thread> waiters = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      waiters.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      io.await();
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                    seen.addAndGet(handled.get());
                    flags.addAndGet(Thread.interrupted() ? 1 : 0);
                  }));
    }
    for (Thread w : waiters) {
      while (w.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      w.interrupt();
    }
    assertThat(io.isDone()).isFalse();
    io.complete(null);
    for (Thread w : waiters) {
      w.join();
    }
    assertThat(seen).hasValue(4);
    assertThat(flags).hasValue(4);
  }

  @Test
  void aHandlerThatThrowsStillLetsWaitersGo() throws IOException {
    Io io =
        Io.flush()
            .onDone(
                done -> {
                  throw new IllegalArgumentException("handler");
                });
    assertThatThrownBy(() -> io.complete(null)).hasMessage("handler");
    io.await();
    assertThat(io.isDone()).isTrue();
  }

  @Test
  void malformedRequestsAreRefusedBeforeTheyReachADevice() {
    assertThatThrownBy(() -> Io.read(0, Blocks.memory(1), new long[] {1}, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Io.read(0, Blocks.memory(1).asReadOnly(), Blocks.FIRST, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Io.read(0, Blocks.memory(1), Blocks.FIRST, 2))
        .isInstanceOf(IllegalArgumentException.class);
    try (MemoryDevice device = new MemoryDevice(8192)) {
      assertThatThrownBy(() -> device.submit(Io.write(8192, Blocks.memory(1), Blocks.FIRST, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("8192")
          .hasMessageContaining("4096");
      assertThatThrownBy(() -> device.submit(Io.read(100, Blocks.memory(1), Blocks.FIRST, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("aligned");
      assertThatThrownBy(() -> device.submit(Io.discard(4096, Long.MAX_VALUE)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> device.submit(Io.read(-4096, Blocks.memory(1), Blocks.FIRST, 1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
