package io.faultline.soak.price;

import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import io.faultline.engine.lock.Guard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * One guard with volumes of its own: one whose cache holds all of a file, one whose cache holds
 * little of it. Made by one thread.
 */
final class Contender implements AutoCloseable {
  /** Not a guard: {@link Guard#NONE} that leaves out the destroyers' side of the lock as well. */
  static final String UNLOCKED = "no lock at all";

  private final String name;
  private final boolean guarded;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<PricedFile> files = new ArrayList<>();
  private @Nullable Volume cached;
  private @Nullable Volume missing;
  private @Nullable PricedFile hot;
  private @Nullable PricedFile cold;
  private @Nullable PricedFile half;
  private @Nullable OpenFile small;
  private @Nullable String lost;

  private Contender(String name, boolean guarded) {
    this.name = name;
    this.guarded = guarded;
  }

  /** What the volumes of one contender are made from; {@code wrapping} lets tests break reads. */
  record Recipe(
      PriceOptions options, Path directory, BiFunction<Guard, OpenFile, OpenFile> wrapping) {
    private VolumeOptions volume(Guard guard, long cacheBytes) {
      return VolumeOptions.defaults()
          .layout(options.layout())
          .guard(guard.optionName())
          .size(4 * options.spanBytes() + (64 << 20))
          .cacheSize(cacheBytes);
    }
  }

  /**
   * Makes the volumes of a guard.
   *
   * @throws IOException the engine refuses this guard, or the volumes cannot be made
   */
  static Contender of(Guard guard, Recipe recipe) throws IOException {
    Contender made = new Contender(guard.optionName(), guard != Guard.NONE);
    try {
      made.makeAll(guard, recipe);
      return made;
    } catch (IOException | RuntimeException failure) {
      made.closeAfter(failure);
      throw failure;
    }
  }

  /**
   * Makes the volume on which truncate takes no mapping lock; it has no files but the small one.
   */
  static Contender unlocked(Recipe recipe) throws IOException {
    Contender made = new Contender(UNLOCKED, false);
    System.setProperty(Guard.UNLOCKED_PROPERTY, "true");
    try {
      Volume volume = made.make(Guard.NONE, recipe, "unlocked", 1 << 20);
      made.cached = volume;
      made.makeSmall(volume);
      return made;
    } catch (IOException | RuntimeException failure) {
      made.closeAfter(failure);
      throw failure;
    } finally {
      System.clearProperty(Guard.UNLOCKED_PROPERTY);
    }
  }

  private void makeAll(Guard guard, Recipe recipe) throws IOException {
    PriceOptions options = recipe.options();
    Volume large = make(guard, recipe, guard.optionName(), options.cacheBytes());
    cached = large;
    hot = file(guard, large, "/hot", recipe);
    makeSmall(large);
    Volume little = make(guard, recipe, guard.optionName() + "-misses", options.missCacheBytes());
    missing = little;
    cold = file(guard, little, "/cold", recipe);
    PricedFile fair = file(guard, little, "/half", recipe);
    half = fair;
    fair.punch(0, fair.pages() / 2);
    settle();
    warm(hot());
  }

  private Volume make(Guard guard, Recipe recipe, String directory, long cacheBytes)
      throws IOException {
    boolean unguarded = guard == Guard.NONE;
    if (unguarded) {
      System.setProperty(Guard.UNGUARDED_PROPERTY, "true");
    }
    try {
      Volume volume =
          Volume.create(recipe.directory().resolve(directory), recipe.volume(guard, cacheBytes));
      open.add(volume);
      return volume;
    } finally {
      if (unguarded) {
        System.clearProperty(Guard.UNGUARDED_PROPERTY);
      }
    }
  }

  private void makeSmall(Volume volume) throws IOException {
    OpenFile made = openNew(volume, "/small");
    open.add(made);
    small = made;
  }

  private PricedFile file(Guard guard, Volume volume, String path, Recipe recipe)
      throws IOException {
    OpenFile raw = recipe.wrapping().apply(guard, openNew(volume, path));
    PricedFile made = new PricedFile(raw, recipe.options().pages());
    open.add(made);
    files.add(made);
    return made;
  }

  private static OpenFile openNew(Volume volume, String path) throws IOException {
    return volume.open(
        path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static void warm(PricedFile file) throws IOException {
    ByteBuffer buffer = PagePattern.buffer(1);
    for (int page = 0; page < file.pages(); page++) {
      file.read(page, buffer);
    }
  }

  String name() {
    return name;
  }

  /** Whether a wrong read is a violation; it is what the others are there to show. */
  boolean guarded() {
    return guarded;
  }

  /** Whether it has no files to read. */
  boolean truncatesOnly() {
    return hot == null;
  }

  /** Why nothing more can be measured with it, null as long as something can. */
  @Nullable String lost() {
    return lost;
  }

  /** A volume that loses data may lose itself. */
  void lose(String why) {
    lost = why;
  }

  /** A file all of which is cached. */
  PricedFile hot() {
    return made(hot);
  }

  /** A file of which little is cached. */
  PricedFile cold() {
    return made(cold);
  }

  /** As {@link #cold}, the first half a hole. */
  PricedFile half() {
    return made(half);
  }

  /** An empty file. */
  OpenFile small() {
    return made(small);
  }

  /** Pages filled by misses so far, on the volume of {@link #cold}. */
  long fills() {
    return made(missing).metrics().getOrDefault("pagesFilled", 0L);
  }

  /** How often a destroyer was granted the mapping lock so far, on the volume of {@link #small}. */
  long exclusives() {
    return made(cached).metrics().getOrDefault("mappingLockExclusive", 0L);
  }

  private static <T> T made(@Nullable T thing) {
    if (thing == null) {
      throw new IllegalStateException("this contender only truncates");
    }
    return thing;
  }

  /** Writes everything back, so that the next one is not loaded with what this one left. */
  void settle() throws IOException {
    if (cached != null) {
      cached.sync();
    }
    if (missing != null) {
      missing.sync();
    }
  }

  /** Reads that returned what they must not. */
  long wrong() {
    return files.stream().mapToLong(PricedFile::wrong).sum();
  }

  /** The line {@code VIOLATION …} of the first of them; null when all were right. */
  @Nullable String violation() {
    for (PricedFile file : files) {
      var found = file.firstWrong();
      if (found != null) {
        return found.line();
      }
    }
    return null;
  }

  private void closeAfter(Exception failure) {
    try {
      close();
    } catch (IOException | RuntimeException alsoFailed) {
      failure.addSuppressed(alsoFailed);
    }
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (AutoCloseable each : open.reversed()) {
      try {
        each.close();
      } catch (Exception failed) {
        failure = failure == null ? new IOException(name + ": " + failed, failed) : failure;
      }
    }
    open.clear();
    if (failure != null && guarded) {
      throw failure;
    }
  }
}
