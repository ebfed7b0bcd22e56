package io.faultline.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderNotFoundException;
import java.util.Map;

/**
 * The targets by name. The libraries of peers are looked for when they are needed: this module is
 * compiled without them, and a class path without them has fewer targets.
 */
final class Targets {
  static final String ENGINE = "faultline";
  static final String HOST = "ext4";
  static final String MAPPED = "mmap";
  static final String JIMFS = "jimfs";
  static final String H2 = "h2";
  static final String MEMORY_FILE_SYSTEM = "memfs";
  static final String FLOOR = "memcpy";
  static final String DIRECT = "direct";

  /** The engine with one thread, in a row where others have several. */
  static final String ALONE = "alone";

  private Targets() {}

  /**
   * Makes one.
   *
   * @param name one of the names here, or of a class that is one and has a constructor without
   *     parameters
   * @param directory an existing directory, for those that need one
   * @param cacheBytes the engine's page cache
   * @throws AbsentException its library is not on the class path
   */
  static Target make(String name, Path directory, long cacheBytes) throws IOException {
    try {
      return switch (name) {
        case ENGINE -> new EngineTarget(directory, cacheBytes);
        case HOST -> new HostTarget(directory, false);
        case DIRECT -> new HostTarget(directory, true);
        case MAPPED -> new MemoryTarget(directory);
        case FLOOR -> new MemoryTarget(null);
        case H2 -> new H2Target();
        case JIMFS -> in(jimfs(), "/work");
        case MEMORY_FILE_SYSTEM ->
            in(FileSystems.newFileSystem(URI.create("memory:bench"), Map.of()), "/bench");
        default ->
            Class.forName(name).asSubclass(Target.class).getDeclaredConstructor().newInstance();
      };
    } catch (NoClassDefFoundError | ReflectiveOperationException | ProviderNotFoundException e) {
      throw new AbsentException(name + ": " + e.getMessage());
    }
  }

  private static FileSystem jimfs() throws ReflectiveOperationException {
    return (FileSystem)
        Class.forName("com.google.common.jimfs.Jimfs").getMethod("newFileSystem").invoke(null);
  }

  private static Target in(FileSystem files, String directory) throws IOException {
    return new ChannelTarget(Files.createDirectories(files.getPath(directory)));
  }
}
