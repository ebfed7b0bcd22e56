package io.faultline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.engine.errno.FsException;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Goal: no engine failure loses its errno, its figures or its stack trace on the way out. */
class ErrorsTest {
  @Test
  void everyEngineErrnoHasItsPublicTwin() {
    assertThat(Arrays.stream(Errno.values()).map(e -> e.name() + e.text()))
        .containsAll(
            Arrays.stream(io.faultline.engine.errno.Errno.values())
                .map(e -> e.name() + e.text())
                .toList());
  }

  @Test
  void engineFailuresKeepWordsFiguresAndCause() {
    FsException engine =
        new FsException(io.faultline.engine.errno.Errno.ENOSPC, "write", 7, 4096, 10, "");
    ErrnoException translated = Errors.translate("ignored", engine);
    assertThat(translated.errno()).isEqualTo(Errno.ENOSPC);
    assertThat(translated.operation()).isEqualTo("write");
    assertThat(translated.inode()).isEqualTo(7);
    assertThat(translated.offset()).isEqualTo(4096);
    assertThat(translated.length()).isEqualTo(10);
    assertThat(translated)
        .hasMessage("ENOSPC write ino=7 offset=4096 length=10: no space left on volume")
        .hasMessage(new ErrnoException(Errno.ENOSPC, "write", 7, 4096, 10, "").getMessage())
        .hasCause(engine);
  }

  @Test
  void publicFailuresPassAndUnknownOnesAreEio() {
    ErrnoException mine = new ErrnoException(Errno.EBADF, "read", "closed");
    assertThat(Errors.translate("read", mine)).isSameAs(mine);
    IOException other = new IOException("the cable");
    assertThat(Errors.translate("sync", other)).hasMessage("EIO sync: the cable").hasCause(other);
  }

  @Test
  void aRangeThatBeginsBelowZeroIsShownAndNoRangeIsNot() {
    ErrnoException negative = new ErrnoException(Errno.EINVAL, "read", 7, -1, -1, "");
    assertThat(negative).hasMessageStartingWith("EINVAL read ino=7 offset=-1 length=-1: ");
    ErrnoException plain = new ErrnoException(Errno.EINVAL, "mkdir", "bits");
    assertThat(plain).hasMessage("EINVAL mkdir: bits");
    assertThat(plain.offset()).isEqualTo(ErrnoException.NONE);
    FsException engine =
        new FsException(
            io.faultline.engine.errno.Errno.EINVAL, "read", 7, -5, FsException.NONE, "");
    ErrnoException translated = Errors.translate("ignored", engine);
    assertThat(translated.offset()).isEqualTo(-5);
    assertThat(translated.length()).isEqualTo(ErrnoException.NONE);
  }

  @Test
  void faultsAreBusErrors() {
    FsException engine =
        new FsException(io.faultline.engine.errno.Errno.EIO, "fault", 3, 0, 1, "x");
    BusErrorException fault = Errors.translateFault("get", engine);
    assertThat(fault.errno()).isEqualTo(Errno.EIO);
    assertThat(fault.inode()).isEqualTo(3);
    assertThat(fault).hasCause(engine);
    assertThat(Errors.translateFault("get", fault)).isSameAs(fault);
  }

  @Test
  void instantsAreNanosecondsOrRefused() throws Exception {
    assertThat(Times.nanos(Instant.parse("1969-12-31T23:59:59.000000001Z")))
        .isEqualTo(-999_999_999);
    assertThat(Times.nanos(Instant.ofEpochSecond(1, 2))).isEqualTo(1_000_000_002);
    assertThatThrownBy(() -> Times.nanos(Instant.parse("2300-01-01T00:00:00Z")))
        .isInstanceOf(ErrnoException.class)
        .hasMessageContaining("2262");
    FileStatus status =
        new FileStatus(1, FileKind.REGULAR, 0644, 0, 0, 1, 0, 0, -1, 1_000_000_002, 0, 0);
    assertThat(status.atime()).isEqualTo(Instant.parse("1969-12-31T23:59:59.999999999Z"));
    assertThat(status.mtime()).isEqualTo(Instant.ofEpochSecond(1, 2));
    assertThat(Integer.toOctalString(status.typedMode())).isEqualTo("100644");
  }
}
