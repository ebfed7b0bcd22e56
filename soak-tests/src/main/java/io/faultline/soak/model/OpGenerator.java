package io.faultline.soak.model;

import io.faultline.soak.model.OpLine.Verb;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Endless weighted random operations over a small tree, the same for the same seed. It runs each
 * operation on a model of its own, so that offsets can be aimed at the real end of file. Offsets
 * lean to page boundaries and the end of file, one byte either side included; now and then they are
 * huge, and now and then an argument is invalid. What takes space is kept small: no valid operation
 * writes or preallocates more than 1 MiB. Not thread-safe.
 */
public final class OpGenerator {

  private static final int PAGE = 4096;
  private static final int LENGTH_MAX = 64 << 10;
  private static final int ALLOCATE_MAX = 1 << 20;
  private static final double INVALID_SHARE = 0.02;
  private static final double HUGE_SHARE = 0.03;
  private static final List<String> DIRECTORIES = List.of("/d0", "/d1", "/d0/inner", "/d1/a b");
  private static final List<String> FILES =
      List.of(
          "/f0",
          "/f1",
          "/f2",
          "/f 3",
          "/d0/f4",
          "/d0/f5",
          "/d1/f6",
          "/d1/100%",
          "/d0/inner/f8",
          "/d0/inner/äß",
          "/d1/a b/f10",
          "/d1/a b/f11");
  private static final List<String> SYMLINKS = List.of("/s0", "/d0/s1", "/d1/s2");
  private static final List<String> TARGETS =
      List.of("f0", "/d0/f4", "../f1", "/d0", "s0", "/nowhere", "inner/f8", "/s0");

  private final RandomGenerator random;
  private final ModelFilesystem model = new ModelFilesystem();
  private final ModelRunner runner = new ModelRunner(model);
  private final List<Verb> weighted = new ArrayList<>();
  private final Map<Verb, Long> histogram = new EnumMap<>(Verb.class);

  /** All verbs. */
  public OpGenerator(long seed) {
    this(seed, EnumSet.allOf(Verb.class));
  }

  /** Only {@code verbs}. */
  public OpGenerator(long seed, Set<Verb> verbs) {
    if (verbs.isEmpty()) {
      throw new IllegalArgumentException("no verbs");
    }
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    for (Verb verb : Verb.values()) {
      if (verbs.contains(verb)) {
        weighted.addAll(Collections.nCopies(weight(verb), verb));
      }
    }
  }

  private static int weight(Verb verb) {
    return switch (verb) {
      case WRITE -> 16;
      case READ -> 12;
      case PUNCH, TRUNCATE, ZERO -> 7;
      case ALLOCATE, COLLAPSE, INSERT, APPEND, CREATE -> 5;
      case SEEK_DATA, SEEK_HOLE, EXTENTS, STAT, MKDIR -> 4;
      case RENAME, LINK, SYMLINK, UNLINK, LS -> 3;
      case RMDIR, FSYNC -> 2;
      case CLONE, DEDUPE, SYNC, DROP_CACHES -> 1;
    };
  }

  /** The next operation. */
  public OpLine next() {
    Verb verb = weighted.get(random.nextInt(weighted.size()));
    OpLine op = build(verb);
    runner.answer(op);
    histogram.merge(verb, 1L, Long::sum);
    return op;
  }

  /** The next {@code count} operations. */
  public List<OpLine> next(int count) {
    List<OpLine> ops = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      ops.add(next());
    }
    return ops;
  }

  /** How many operations of each verb were produced so far. */
  public Map<Verb, Long> histogram() {
    return Collections.unmodifiableMap(histogram);
  }

  private OpLine build(Verb verb) {
    String path = filePath();
    return switch (verb) {
      case CREATE -> new OpLine.Create(path);
      case MKDIR -> new OpLine.Mkdir(random.nextInt(8) == 0 ? path : pick(DIRECTORIES));
      case UNLINK -> new OpLine.Unlink(anyPath());
      case RMDIR -> new OpLine.Rmdir(random.nextInt(8) == 0 ? path : pick(DIRECTORIES));
      case RENAME -> new OpLine.Rename(anyPath(), anyPath());
      case LINK -> new OpLine.Link(anyPath(), anyPath());
      case SYMLINK -> new OpLine.Symlink(pick(TARGETS), pick(SYMLINKS));
      case WRITE ->
          new OpLine.Write(path, offset(path), length(LENGTH_MAX), 1 + random.nextInt(255));
      case APPEND -> new OpLine.Append(path, length(LENGTH_MAX), 1 + random.nextInt(255));
      case READ -> new OpLine.Read(path, offset(path), length(2 * LENGTH_MAX));
      case TRUNCATE -> new OpLine.Truncate(path, offset(path));
      case PUNCH -> new OpLine.Punch(path, offset(path), freeLength());
      case ZERO ->
          new OpLine.Zero(path, offset(path), length(ALLOCATE_MAX / 4), random.nextBoolean());
      case ALLOCATE ->
          new OpLine.Allocate(path, offset(path), length(ALLOCATE_MAX), random.nextBoolean());
      case COLLAPSE -> new OpLine.Collapse(path, shiftOffset(path), shiftLength());
      case INSERT -> new OpLine.Insert(path, shiftOffset(path), shiftLength());
      case CLONE -> new OpLine.CloneRange(path, 0, filePath(), pages(8), pages(8));
      case DEDUPE -> new OpLine.DedupeRange(path, 0, filePath(), pages(8), pages(8));
      case SEEK_DATA -> new OpLine.SeekData(path, offset(path));
      case SEEK_HOLE -> new OpLine.SeekHole(path, offset(path));
      case EXTENTS -> new OpLine.Extents(path);
      case STAT -> new OpLine.StatPath(anyPath());
      case LS -> new OpLine.Ls(random.nextInt(4) == 0 ? "/" : pick(DIRECTORIES));
      case FSYNC -> new OpLine.Fsync(path);
      case SYNC -> new OpLine.Sync();
      case DROP_CACHES -> new OpLine.DropCaches();
    };
  }

  private String filePath() {
    return random.nextInt(16) == 0 ? pick(SYMLINKS) : pick(FILES);
  }

  private String anyPath() {
    return switch (random.nextInt(10)) {
      case 0, 1 -> pick(DIRECTORIES);
      case 2 -> pick(SYMLINKS);
      default -> pick(FILES);
    };
  }

  private String pick(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }

  private long endOfFile(String path) {
    return model.stat(path) instanceof Outcome.Ok<Stat>(Stat stat) ? stat.sizeBytes() : 0;
  }

  private long offset(String path) {
    double kind = random.nextDouble();
    if (kind < INVALID_SHARE) {
      return invalid();
    }
    if (kind < INVALID_SHARE + HUGE_SHARE) {
      return hugeOffset();
    }
    if (kind < 0.30) {
      return Math.max(0, endOfFile(path) + random.nextInt(-1, 2));
    }
    if (kind < 0.65) {
      return Math.max(0, pages(64) + random.nextInt(-1, 2));
    }
    return random.nextLong(64L * PAGE);
  }

  private long hugeOffset() {
    return switch (random.nextInt(3)) {
      case 0 -> ModelFilesystem.FILE_BYTES_MAX - random.nextLong(3L * PAGE);
      case 1 -> (1L << 32) + random.nextInt(-1, 2);
      default -> random.nextLong(1L << 43);
    };
  }

  private long invalid() {
    return switch (random.nextInt(5)) {
      case 0 -> -1;
      case 1 -> Long.MIN_VALUE;
      case 2 -> Long.MAX_VALUE;
      case 3 -> ModelFilesystem.FILE_BYTES_MAX + 1;
      default -> -(long) PAGE;
    };
  }

  /** A length that may cost space: invalid lengths are negative or zero, never merely huge. */
  private long length(int max) {
    double kind = random.nextDouble();
    if (kind < INVALID_SHARE) {
      return -random.nextLong(2L * PAGE);
    }
    if (kind < 0.5) {
      return Math.max(1, PAGE * (long) random.nextInt(max / PAGE + 1) + random.nextInt(-1, 2));
    }
    return kind < 0.8 ? 1 + random.nextLong(2L * PAGE) : 1 + random.nextLong(max);
  }

  /** A length that costs nothing, so it may also reach far past everything. */
  private long freeLength() {
    return random.nextInt(20) == 0 ? invalid() : length(ALLOCATE_MAX);
  }

  private long shiftOffset(String path) {
    if (random.nextInt(5) == 0) {
      return offset(path);
    }
    long blocks = Math.min(64, endOfFile(path) / PAGE);
    return PAGE * random.nextLong(blocks + 1);
  }

  private long shiftLength() {
    return switch (random.nextInt(12)) {
      case 0 -> length(LENGTH_MAX);
      case 1 -> invalid();
      default -> PAGE * (1L + random.nextInt(8));
    };
  }

  private long pages(int max) {
    return PAGE * (long) random.nextInt(max);
  }
}
