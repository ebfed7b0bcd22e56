package io.faultline;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.SPARSE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import org.junit.jupiter.api.Test;

/**
 * Goal: open options mean what they mean to FileChannel.open, and what a volume lacks is refused.
 */
class OpenModeTest {
  private static final OpenOption FOREIGN = new OpenOption() {};

  private static OpenMode of(OpenOption... options) throws ErrnoException {
    return OpenMode.of("/a", options);
  }

  @Test
  void nothingMeansReading() throws Exception {
    OpenMode reading = new OpenMode(true, false, false, false, false, false, false, false, false);
    assertThat(of()).isEqualTo(reading);
    assertThat(of(READ)).isEqualTo(reading);
    assertThat(of(SPARSE)).isEqualTo(reading);
  }

  @Test
  void makingAndEmptyingNeedWriting() throws Exception {
    assertThat(of(READ, CREATE, CREATE_NEW, TRUNCATE_EXISTING)).isEqualTo(of(READ));
    assertThat(of(WRITE, CREATE, TRUNCATE_EXISTING))
        .matches(m -> m.create() && m.truncate() && !m.createNew() && !m.read());
    assertThat(of(WRITE, CREATE, CREATE_NEW)).matches(m -> m.createNew() && !m.create());
  }

  @Test
  void appendWritesAndGoesWithReading() throws Exception {
    assertThat(of(APPEND)).matches(m -> m.write() && m.append() && !m.read());
    assertThat(of(APPEND, READ, TRUNCATE_EXISTING))
        .matches(m -> m.read() && m.append() && m.truncate());
  }

  @Test
  void syncImpliesDataSync() throws Exception {
    assertThat(of(WRITE, SYNC)).matches(m -> m.sync() && m.dataSync());
    assertThat(of(WRITE, DSYNC)).matches(m -> !m.sync() && m.dataSync());
    assertThat(of(LinkOption.NOFOLLOW_LINKS)).matches(OpenMode::noFollow);
  }

  @Test
  void whatAVolumeLacksIsEinval() {
    for (OpenOption option : new OpenOption[] {DELETE_ON_CLOSE, FOREIGN}) {
      assertThatThrownBy(() -> of(WRITE, option))
          .isInstanceOfSatisfying(
              ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
          .hasMessageContaining("/a: ")
          .hasMessageContaining("is not supported");
    }
  }
}
