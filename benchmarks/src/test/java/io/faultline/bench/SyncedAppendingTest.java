package io.faultline.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Figures of a benchmark are worth nothing if the data is wrong. Goal: it would be noticed. Method:
 * before a measured volume is opened again and read, one record is changed, or one file is cut.
 */
class SyncedAppendingTest {
  private static final String FILE = "/synced-0-0";

  @TempDir Path temp;

  private interface Damage {
    void to(OpenFile file) throws IOException;
  }

  @Test
  void whatIsMissingOrWrongIsFound() throws IOException {
    EngineTarget target = new EngineTarget(temp, Row.Setup.MISSING.cacheBytes);
    try (target) {
      for (boolean shared : new boolean[] {false, true}) {
        Windows.Session session = new SyncedAppending(2, shared).prepare(target);
        assertThat(session.measure(20)).containsKeys("ns", "perSecond", "p50", "p99", "p999");
        session.close();
        assertFound(target, shared, "offset=0", this::changeRecord);
        assertFound(target, shared, "which were synced", file -> file.truncate(0));
      }
    }
  }

  private static void assertFound(EngineTarget target, boolean shared, String how, Damage damage)
      throws IOException {
    Windows.Session session = new SyncedAppending(2, shared).prepare(target);
    session.measure(20);
    try (OpenFile file = target.volume.open(FILE, StandardOpenOption.WRITE)) {
      assertThat(file.size()).isPositive();
      damage.to(file);
    }
    assertThatThrownBy(session::close)
        .isInstanceOf(WrongDataException.class)
        .hasMessageContaining("file=synced-0-0 offset=0")
        .hasMessageContaining(how);
  }

  private void changeRecord(OpenFile file) throws IOException {
    file.write(ByteBuffer.wrap(new byte[] {99}), 100);
  }
}
