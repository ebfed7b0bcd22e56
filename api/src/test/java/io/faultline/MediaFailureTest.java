package io.faultline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.faultline.engine.device.FailingDevice;
import io.faultline.engine.device.FailurePlan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goal: when the journal or the flush of the image fails, everybody who waits is told EIO, nothing
 * is tried a second time, the volume takes no further change and still reads; and what was
 * acknowledged before is there at the next opening.
 */
@Timeout(60)
class MediaFailureTest {
  private static final long SIZE_BYTES = 2L << 20;

  private static byte[] bytes(int fill) {
    byte[] bytes = new byte[10_000];
    Arrays.fill(bytes, (byte) fill);
    return bytes;
  }

  private static void assertErrno(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  private static void keep(Volume volume) throws IOException {
    try (OpenFile file = volume.open("/kept", CREATE, WRITE)) {
      file.write(ByteBuffer.wrap(bytes(1)), 0);
      file.sync();
    }
  }

  private static void assertKept(Volume volume) throws IOException {
    try (OpenFile file = volume.open("/kept")) {
      assertThat(CrashHistory.content(file, (int) file.size())).isEqualTo(bytes(1));
    }
  }

  /** Several wait for the same commits; each gets EIO, and so does whoever comes later. */
  private static void assertEverybodyIsTold(Volume volume) throws Exception {
    try (ExecutorService waiters = Executors.newFixedThreadPool(4)) {
      List<OpenFile> files = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        OpenFile file = volume.open("/lost" + i, CREATE, READ, WRITE);
        file.write(ByteBuffer.wrap(bytes(2)), 0);
        files.add(file);
      }
      List<Callable<Throwable>> calls = new ArrayList<>();
      files.forEach(file -> calls.add(() -> catchThrowable(file::sync)));
      for (Future<Throwable> outcome : waiters.invokeAll(calls)) {
        assertThat(outcome.get())
            .isInstanceOfSatisfying(
                ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
      }
      for (OpenFile file : files) {
        assertErrno(Errno.EIO, file::sync);
      }
      assertErrno(Errno.EROFS, () -> files.getFirst().write(ByteBuffer.wrap(bytes(3)), 0));
      assertErrno(Errno.EROFS, () -> files.getFirst().punchHole(0, 4_096));
      assertErrno(Errno.EROFS, () -> volume.create("/never", 0644));
      assertErrno(Errno.EROFS, () -> volume.rename("/kept", "/moved"));
      assertErrno(Errno.EIO, volume::sync);
      assertThat(volume.status().readOnly()).isTrue();
      assertKept(volume);
      for (OpenFile file : files) {
        file.close();
      }
    }
  }

  private static void assertRecovers(PowerCutVolume.Remains remains) throws IOException {
    try (Volume volume = remains.open()) {
      assertThat(volume.fsck().findings()).isEmpty();
      assertKept(volume);
      keep(volume);
    }
  }

  @Test
  void aFailedSyncOfTheJournalEndsAllChanges() throws Exception {
    PowerCutVolume subject = new PowerCutVolume(SIZE_BYTES);
    keep(subject.volume());
    subject.journal().failSync(1, false);
    assertEverybodyIsTold(subject.volume());
    long syncs = subject.journal().syncs();
    assertErrno(Errno.EIO, subject.volume()::sync);
    assertErrno(Errno.EIO, subject::close);
    assertThat(subject.journal().syncs()).as("syncs after the one that failed").isEqualTo(syncs);
    assertRecovers(subject.remains());
  }

  @Test
  void aFailedWriteOfTheJournalEndsAllChanges() throws Exception {
    PowerCutVolume subject = new PowerCutVolume(SIZE_BYTES);
    keep(subject.volume());
    subject.journal().failWrite(1, false);
    assertEverybodyIsTold(subject.volume());
    assertErrno(Errno.EIO, subject::close);
    assertRecovers(subject.remains());
  }

  @Test
  void aFailedFlushOfTheImageEndsAllChanges() throws Exception {
    FailurePlan plan = new FailurePlan(1);
    PowerCutVolume subject =
        new PowerCutVolume(SIZE_BYTES, below -> new FailingDevice(below, plan));
    keep(subject.volume());
    plan.add(FailurePlan.Failure.once(FailurePlan.Kind.FLUSH_ERROR, 1));
    assertEverybodyIsTold(subject.volume());
    assertThat(plan.injected()).hasSize(1);
    long flushes = subject.recording().flushes();
    assertErrno(Errno.EIO, subject.volume()::sync);
    assertErrno(Errno.EIO, subject::close);
    assertThat(subject.recording().flushes()).as("flushes after the failure").isEqualTo(flushes);
    assertRecovers(subject.remains());
  }

  /** As errseq: told once to each who had the file open, and the volume goes on. */
  @Test
  void aFailedWriteOfTheImageIsToldOncePerOpenFile() throws Exception {
    FailurePlan plan = new FailurePlan(1);
    try (PowerCutVolume subject =
        new PowerCutVolume(SIZE_BYTES, below -> new FailingDevice(below, plan))) {
      keep(subject.volume());
      try (OpenFile one = subject.volume().open("/f", CREATE, WRITE);
          OpenFile other = subject.volume().open("/f", WRITE)) {
        one.write(ByteBuffer.wrap(bytes(4)), 0);
        plan.add(FailurePlan.Failure.once(FailurePlan.Kind.WRITE_ERROR, 1));
        assertErrno(Errno.EIO, one::sync);
        one.sync();
        assertErrno(Errno.EIO, other::sync);
        one.write(ByteBuffer.wrap(bytes(5)), 0);
        one.sync();
      }
      assertKept(subject.volume());
      assertThat(subject.volume().fsck().findings()).isEmpty();
    }
  }

  @Test
  void aFailedReadIsEioAndTheNextOneTriesAgain() throws Exception {
    FailurePlan plan = new FailurePlan(1);
    try (PowerCutVolume subject =
        new PowerCutVolume(SIZE_BYTES, below -> new FailingDevice(below, plan))) {
      keep(subject.volume());
      subject.volume().dropCaches();
      plan.add(FailurePlan.Failure.once(FailurePlan.Kind.READ_ERROR, 1));
      try (OpenFile file = subject.volume().open("/kept")) {
        assertErrno(Errno.EIO, () -> file.read(ByteBuffer.allocate(10), 0));
      }
      assertKept(subject.volume());
    }
  }
}
