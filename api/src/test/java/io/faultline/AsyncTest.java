package io.faultline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Goal: stages do what the blocking methods do, fail with the same errors, and many at once. */
@Timeout(60)
class AsyncTest {
  private static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static Errno errno(CompletionStage<?> stage) {
    return get(
        stage.handle(
            (value, failure) -> {
              // Not wrapped: the first dependent sees what the blocking method throws.
              assertThat(failure).isInstanceOf(ErrnoException.class);
              return ((ErrnoException) failure).errno();
            }));
  }

  @Test
  void stagesChainAndFailAsTheBlockingMethods() throws IOException {
    try (PowerCutVolume subject = new PowerCutVolume(4L << 20)) {
      AsyncVolume volume = subject.volume().async();
      AsyncOpenFile file =
          get(volume.mkdir("/d", 0755).thenCompose(v -> volume.open("/d/f", CREATE, READ, WRITE)))
              .async();
      ByteBuffer back = ByteBuffer.allocate(100);
      int read =
          get(
              file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}), 0)
                  .thenCompose(n -> file.punchHole(1, 2))
                  .thenCompose(v -> file.sync())
                  .thenCompose(v -> volume.dropCaches())
                  .thenCompose(v -> file.read(back, 0)));
      assertThat(read).isEqualTo(4);
      assertThat(Arrays.copyOf(back.array(), 4)).containsExactly(1, 0, 0, 4);
      assertThat(get(volume.stat("/d/f")).sizeBytes()).isEqualTo(4);
      assertThat(errno(volume.unlink("/none"))).isEqualTo(Errno.ENOENT);
      assertThat(errno(volume.rmdir("/d"))).isEqualTo(Errno.ENOTEMPTY);
      assertThat(errno(file.truncate(-1))).isEqualTo(Errno.EINVAL);
      assertThat(errno(file.seekData(4))).isEqualTo(Errno.ENXIO);
      get(file.close());
      assertThat(errno(file.read(back, 0))).isEqualTo(Errno.EBADF);
      get(volume.close());
      assertThat(errno(volume.stat("/d"))).isEqualTo(Errno.EBADF);
    }
  }

  @Test
  void appendsOfManyStagesDoNotInterleave() throws IOException {
    int stages = 500;
    int bytes = 700;
    try (PowerCutVolume subject = new PowerCutVolume(4L << 20);
        OpenFile file = subject.volume().open("/f", CREATE, READ, WRITE)) {
      List<CompletableFuture<Long>> pending = new ArrayList<>();
      for (int i = 0; i < stages; i++) {
        byte[] source = new byte[bytes];
        Arrays.fill(source, (byte) i);
        pending.add(file.async().append(ByteBuffer.wrap(source)).toCompletableFuture());
      }
      Set<Long> positions = new HashSet<>();
      for (int i = 0; i < stages; i++) {
        long at = pending.get(i).join();
        assertThat(at % bytes).isZero();
        positions.add(at);
      }
      byte[] content = CrashHistory.content(file, stages * bytes);
      assertThat(positions).hasSize(stages);
      for (int i = 0; i < stages; i++) {
        int at = (int) (long) pending.get(i).join();
        assertThat(Arrays.copyOfRange(content, at, at + bytes)).containsOnly((byte) i);
      }
    }
  }
}
