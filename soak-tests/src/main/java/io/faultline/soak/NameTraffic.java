package io.faultline.soak;

import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.Volume;
import io.faultline.soak.model.ModelFilesystem;
import io.faultline.soak.model.Outcome;
import io.faultline.soak.model.Outcome.Done;
import java.io.IOException;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Every change of names that a soak makes, made in the volume and in the independent model alike;
 * both must answer the same. One change at a time: the model knows no concurrency.
 */
final class NameTraffic {
  /** Where the names that come and go are. */
  static final String PLAYGROUND = "/names";

  private static final int NAMES = 24;

  private final ModelFilesystem model = new ModelFilesystem();

  /** One change in the volume. */
  @FunctionalInterface
  private interface Change {
    void in(Volume volume) throws IOException;
  }

  /** Makes a directory. */
  synchronized void mkdir(SoakRun run, String path) throws IOException {
    both(run, "mkdir " + path, volume -> volume.mkdir(path), model.mkdir(path));
  }

  /** Makes an empty file. */
  synchronized void create(SoakRun run, String path) throws IOException {
    both(run, "create " + path, volume -> volume.create(path, 0644), model.create(path));
  }

  /** Does one random change in the playground. */
  synchronized void step(SoakRun run, RandomGenerator random) throws IOException {
    String one = PLAYGROUND + "/" + name(random);
    String other = PLAYGROUND + "/" + name(random);
    switch (random.nextInt(8)) {
      case 0, 1 -> create(run, one);
      case 2 -> mkdir(run, one);
      case 3 -> both(run, "unlink " + one, volume -> volume.unlink(one), model.unlink(one));
      case 4 -> both(run, "rmdir " + one, volume -> volume.rmdir(one), model.rmdir(one));
      case 5 -> {
        Outcome<Done> expected = model.rename(one, other);
        both(run, "rename " + one + " " + other, volume -> volume.rename(one, other), expected);
      }
      case 6 -> {
        Outcome<Done> expected = model.link(one, other);
        both(run, "link " + one + " " + other, volume -> volume.link(one, other), expected);
      }
      default -> {
        String target = name(random);
        Outcome<Done> expected = model.symlink(target, one);
        both(run, "symlink " + one, volume -> volume.symlink(target, one), expected);
      }
    }
  }

  private static String name(RandomGenerator random) {
    int number = random.nextInt(NAMES);
    // Some names have a directory above that may or may not be there.
    return number < 6 ? "n" + number + "/m" + random.nextInt(3) : "n" + random.nextInt(8);
  }

  private static void both(SoakRun run, String what, Change change, Outcome<Done> expected)
      throws IOException {
    String wanted = expected instanceof Outcome.Err<Done> refused ? refused.errno() : "OK";
    String got = "OK";
    try {
      change.in(run.volume());
    } catch (ErrnoException failure) {
      if (failure.errno() == Errno.EIO || failure.errno() == Errno.EROFS) {
        throw failure;
      }
      got = failure.errno().name();
    }
    if (!got.equals(wanted)) {
      run.report(
          new Finding(
              Finding.MODEL_DIFFERS,
              Finding.NONE,
              Finding.NONE,
              what + ":" + got,
              wanted,
              Finding.NONE));
    }
    run.counts().count(OpKind.NAME);
  }

  /** Compares a tree with the model's, which is told the sizes that the oracles know. */
  synchronized void compare(SoakRun run, VolumeImage image, Map<String, Long> sizes) {
    sizes.forEach(model::truncate);
    VolumeImage expected = VolumeImage.of(model);
    image
        .within("/soak", PLAYGROUND)
        .forNames()
        .firstDifference(expected)
        .ifPresent(difference -> run.report(difference.as(Finding.MODEL_DIFFERS)));
  }
}
