package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.read;
import static io.faultline.soak.race.RaceVolume.runs;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.volume.OpenInode;
import java.util.Arrays;

/** What scenarios ask for at their end. */
final class Expect {
  private Expect() {}

  /** Fails with a violation unless the bytes at {@code at} are one of {@code allowed}. */
  static void bytes(String kind, OpenInode file, long at, int length, String... allowed)
      throws FsException {
    String seen = runs(read(file, at, length));
    if (!Arrays.asList(allowed).contains(seen)) {
      throw new RaceViolation(kind, file.vnode().ino(), at, seen, String.join(" or ", allowed));
    }
  }

  /**
   * The volume is in order, which it cannot be asked where its guard is off: then accounting may
   * suffer from the very race that is to be shown.
   */
  static void sound(RaceVolume volume) {
    if (volume.setup().guard() != Guard.NONE) {
      volume.requireSound();
    }
  }

  /** What became of an access that may find the end of file in its way. */
  interface Access {
    void run() throws FsException;
  }

  /** Whether {@code access} was made; false where it met the end of file (ENXIO). */
  static boolean inside(Access access) throws FsException {
    try {
      access.run();
      return true;
    } catch (FsException e) {
      if (e.errno() != Errno.ENXIO) {
        throw e;
      }
      return false;
    }
  }
}
