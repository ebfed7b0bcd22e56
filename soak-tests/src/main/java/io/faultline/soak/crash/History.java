package io.faultline.soak.crash;

import io.faultline.engine.inode.FileKind;
import io.faultline.soak.model.ModelFilesystem;
import io.faultline.soak.model.ModelRunner;
import io.faultline.soak.model.OpLine;
import io.faultline.soak.model.Outcome;
import io.faultline.soak.model.Stat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What may be found after a crash in or behind a sequence of steps, by the model alone.
 *
 * <p>A step has two halves, either of which may be empty. Its <em>change</em> goes through the
 * journal: names, sizes set, blocks taken away, moved or preallocated. All changes are in one
 * order, so there is one place <i>p</i> in the sequence such that exactly the changes of the first
 * <i>p</i> steps are found, whole. Its <em>data</em> are bytes in pages: of writes, and the zeros
 * that a punch, zero or truncate writes into pages that it covers only in part. Data that nobody
 * synced may be there or not, sector by sector. A page that is written carries with it what the
 * steps before did to it, their changes included. A sync puts a lower bound on both.
 *
 * <p>For each <i>p</i> and each set of steps whose data is there the model runs once; a state found
 * must agree with these runs. Immutable.
 */
final class History {
  /** More steps with data would mean too many sets of them. */
  private static final int DATA_STEPS_MAX = 8;

  /** A file of one run of the model; if it has a set of pages, it counts for those alone. */
  private static final class Version {
    private final byte[] bytes;
    private final @Nullable BitSet pages;

    Version(byte[] bytes, @Nullable BitSet pages) {
      this.bytes = bytes;
      this.pages = pages;
    }

    byte[] bytes() {
      return bytes;
    }

    boolean isWhole() {
      return pages == null;
    }

    boolean countsAt(int offset) {
      return pages == null || pages.get(offset / Block.BYTES);
    }
  }

  private final List<Step> steps;
  private final Supplier<ModelFilesystem> base;

  /** Step number to what it does; 0 is the base and has none. */
  private final List<Effect> effects = new ArrayList<>();

  /** Whether each step succeeds. */
  private final List<Boolean> expected = new ArrayList<>();

  /** The tree behind each step. */
  private final List<SortedMap<String, Stat>> trees = new ArrayList<>();

  /** The engine's number of each inode of the model. */
  private final Map<Long, Long> numbers = new HashMap<>();

  /** By place and by set of data steps: the files by their inode. */
  private final Map<Integer, Map<Integer, Map<Long, Version>>> runs = new HashMap<>();

  /**
   * The history of {@code steps} from a base that is durable.
   *
   * @param base makes the base; called often, the same each time
   */
  History(Supplier<ModelFilesystem> base, List<Step> steps) {
    this.base = base;
    this.steps = List.copyOf(steps);
    ModelFilesystem model = base.get();
    ModelRunner runner = new ModelRunner(model);
    effects.add(Effect.NOTHING);
    expected.add(true);
    trees.add(new TreeMap<>(model.tree()));
    for (Step step : steps) {
      OpLine given = lineOf(step);
      if (given != null) {
        Map<String, Stat> before = model.tree();
        OpLine line = Effect.absolute(given, before);
        boolean done = runner.answer(line).startsWith("OK");
        Map<String, Stat> after = model.tree();
        effects.add(done ? Effect.of(line, before, after) : Effect.NOTHING);
        expected.add(done);
      } else {
        effects.add(Effect.NOTHING);
        expected.add(true);
      }
      trees.add(new TreeMap<>(model.tree()));
    }
  }

  /** As the model knows it, which has no data apart from the rest. */
  private static @Nullable OpLine lineOf(Step step) {
    return switch (step) {
      case Step.Op op -> op.line();
      case Step.DataSync sync -> new OpLine.Fsync(sync.path());
      default -> null;
    };
  }

  List<Step> steps() {
    return steps;
  }

  // ---- what the engine calls things ----

  /** Whether step {@code step} is to succeed. */
  boolean expects(int step) {
    return expected.get(step);
  }

  /** Tells the engine's numbers of what there is behind step {@code step}. */
  String learn(int step, Found found) {
    SortedMap<String, Stat> tree = trees.get(step);
    if (!tree.keySet().equals(found.names().keySet())) {
      return "behind step "
          + step
          + " the engine has "
          + found.names().keySet()
          + ", the model "
          + tree.keySet();
    }
    for (Map.Entry<String, Stat> entry : tree.entrySet()) {
      long model = entry.getValue().inode();
      long engine = Effect.at(found.names(), entry.getKey()).ino();
      Long known = numbers.putIfAbsent(model, engine);
      if (known != null && known != engine) {
        return entry.getKey() + " is inode " + engine + " and was " + known;
      }
      Found.Content content = found.contents().get(engine);
      if (content != null && content.size() != entry.getValue().sizeBytes()) {
        return entry.getKey()
            + " has "
            + content.size()
            + " bytes, in the model "
            + entry.getValue().sizeBytes();
      }
    }
    return "";
  }

  // ---- what may be found ----

  /** The first place that the syncs acknowledged so far allow. */
  int earliest(int acknowledged) {
    int earliest = 0;
    for (int q = 1; q <= acknowledged; q++) {
      if (steps.get(q - 1).syncsAll()) {
        earliest = q;
      } else if (effects.get(q).line() instanceof OpLine.Fsync) {
        long ino = effects.get(q).ino();
        for (int i = q; i > earliest; i--) {
          if (effects.get(i).changed().contains(ino)) {
            earliest = i;
            break;
          }
        }
      }
    }
    return earliest;
  }

  /** Steps whose data of that file a sync has made durable, as a set of bits. */
  private int required(long ino, int acknowledged) {
    int upTo = 0;
    for (int q = 1; q <= acknowledged; q++) {
      boolean syncs =
          steps.get(q - 1).syncsAll()
              || (effects.get(q).line() instanceof OpLine.Fsync && effects.get(q).ino() == ino);
      upTo = syncs ? q : upTo;
    }
    return dataOf(ino, upTo);
  }

  /** Steps up to {@code last} that have data of that file. */
  private int dataOf(long ino, int last) {
    int set = 0;
    for (int i = 1; i <= last; i++) {
      if (effects.get(i).data() && effects.get(i).ino() == ino) {
        set |= 1 << i;
      }
    }
    return set;
  }

  /**
   * Why {@code found} is not what a crash may leave when {@code acknowledged} steps have been
   * acknowledged and {@code begun} have begun; empty if it is.
   *
   * @param place what the state is known to hold at least, -1 if nothing
   */
  String contradiction(Found found, int begun, int acknowledged, int place) {
    String reason = "";
    int from = Math.max(earliest(acknowledged), place);
    for (int p = begun; p >= from; p--) {
      if (!sameTree(p, found)) {
        continue;
      }
      String wrong = contentContradiction(found, p, begun, acknowledged);
      if (wrong.isEmpty()) {
        return "";
      }
      reason = reason.isEmpty() ? wrong : reason;
    }
    return reason.isEmpty()
        ? "names: " + found.names().keySet() + " is no tree of steps " + from + " to " + begun
        : reason;
  }

  /** Why {@code found} is not exactly what the steps did, none of it lost; empty if it is. */
  String differenceFromAll(Found found) {
    int last = steps.size();
    if (!sameTree(last, found)) {
      return "names: " + found.names().keySet() + ", not " + trees.get(last).keySet();
    }
    for (Map.Entry<String, Stat> entry : trees.get(last).entrySet()) {
      long ino = entry.getValue().inode();
      Found.Content content = found.contents().get(Effect.at(found.names(), entry.getKey()).ino());
      int all = 0;
      for (int i = 1; i <= last; i++) {
        all |= effects.get(i).data() ? 1 << i : 0;
      }
      Version version = run(last, all).get(ino);
      if (content != null && version != null) {
        String wrong = differs(content, List.of(version), ino);
        if (!wrong.isEmpty()) {
          return wrong + " in " + entry.getKey();
        }
      }
    }
    return "";
  }

  /** The newest place whose tree is the one found; -1 if there is none. */
  int placeOf(Found found) {
    for (int p = steps.size(); p >= 0; p--) {
      if (sameTree(p, found)) {
        return p;
      }
    }
    return -1;
  }

  /** Whether what was found is the tree of some step, whatever is in the files. */
  boolean isSomeTree(Found found) {
    return found.names().isEmpty() || placeOf(found) >= 0;
  }

  /** Whether what was found is the tree behind step {@code place}. */
  boolean hasTree(int place, Found found) {
    return sameTree(place, found);
  }

  private boolean sameTree(int place, Found found) {
    SortedMap<String, Stat> tree = trees.get(place);
    if (!tree.keySet().equals(found.names().keySet())) {
      return false;
    }
    for (Map.Entry<String, Stat> entry : tree.entrySet()) {
      Found.Named named = Effect.at(found.names(), entry.getKey());
      Stat stat = entry.getValue();
      Long number = numbers.get(stat.inode());
      boolean directory = (stat.mode() & 0170000) == Stat.DIRECTORY;
      if (number == null
          || number != named.ino()
          || stat.links() != named.links()
          || directory != (named.kind() == FileKind.DIRECTORY)) {
        return false;
      }
    }
    return true;
  }

  private String contentContradiction(Found found, int place, int begun, int acknowledged) {
    Set<Long> seen = new HashSet<>();
    for (Map.Entry<String, Stat> entry : trees.get(place).entrySet()) {
      long ino = entry.getValue().inode();
      Found.Content content = found.contents().get(Effect.at(found.names(), entry.getKey()).ino());
      if (content == null || !seen.add(ino)) {
        continue;
      }
      List<Version> allowed = allowed(ino, place, begun, acknowledged);
      String wrong = differs(content, allowed, ino);
      if (!wrong.isEmpty()) {
        return wrong + " in " + entry.getKey() + " with the changes of " + place + " steps";
      }
    }
    return "";
  }

  /** What the file may be, sector by sector, at that place. */
  private List<Version> allowed(long ino, int place, int begun, int acknowledged) {
    int required = required(ino, acknowledged);
    int possible = dataOf(ino, begun);
    boolean shifted = false;
    for (int i = 1; i <= begun; i++) {
      Effect effect = effects.get(i);
      if (i <= place && effect.data() && effect.ino() == ino && !effect.zeros().isEmpty()) {
        required |= 1 << i; // its change is there, so its zeros are
      }
      shifted |= i > place && effect.shifts() && effect.ino() == ino;
      if (shifted) {
        possible &= ~(1 << i); // rule R9: what moved is not written to before that is durable
      }
    }
    List<Version> allowed = new ArrayList<>();
    int open = possible & ~required;
    for (int some = open; ; some = (some - 1) & open) {
      Version version = run(place, required | some).get(ino);
      if (version != null) {
        allowed.add(version);
      }
      if (some == 0) {
        break;
      }
    }
    for (int i = place + 1; i <= begun; i++) {
      if ((possible & 1 << i) != 0) {
        carried(ino, place, i, required, open, allowed);
      }
    }
    return allowed;
  }

  /** The pages that step {@code step} wrote, as they were then, in a file without its change. */
  private void carried(
      long ino, int place, int step, int required, int open, List<Version> allowed) {
    BitSet pages = effects.get(step).pages();
    int before = open & (1 << step) - 1;
    for (int p = place + 1; p <= step; p++) {
      for (int some = before; ; some = (some - 1) & before) {
        Version version = run(p, required | some | 1 << step).get(ino);
        if (version != null) {
          allowed.add(new Version(version.bytes(), pages));
        }
        if (some == 0) {
          break;
        }
      }
    }
  }

  private Map<Long, Version> run(int place, int data) {
    return runs.computeIfAbsent(place, p -> new HashMap<>())
        .computeIfAbsent(data, d -> play(place, d));
  }

  private Map<Long, Version> play(int place, int data) {
    if (Integer.bitCount(data) > DATA_STEPS_MAX) {
      throw new IllegalArgumentException("too many steps with data: " + Step.textOf(steps));
    }
    ModelFilesystem model = base.get();
    ModelRunner runner = new ModelRunner(model);
    for (int i = 1; i <= steps.size(); i++) {
      Effect effect = effects.get(i);
      if (effect.isNothing()) {
        continue;
      }
      boolean dataToo = (data & 1 << i) != 0;
      if (effect.line() instanceof OpLine.Write w) {
        if (i <= place && !effect.changed().isEmpty()) {
          runner.answer(new OpLine.Create(w.path()));
        }
        String path = pathOf(model, effect.ino());
        if (dataToo && !path.isEmpty()) {
          runner.answer(new OpLine.Write(path, w.offset(), w.length(), w.value()));
        }
      } else if (i <= place) {
        runner.answer(effect.line());
      } else if (dataToo) {
        String path = pathOf(model, effect.ino());
        long size = path.isEmpty() ? 0 : Effect.at(model.tree(), path).sizeBytes();
        for (Effect.Range zero : effect.zeros()) {
          long end = Math.min(zero.to(), size);
          if (zero.from() < end) {
            runner.answer(new OpLine.Write(path, zero.from(), end - zero.from(), 0));
          }
        }
      }
    }
    Map<Long, Version> files = new HashMap<>();
    for (Map.Entry<String, Stat> entry : model.tree().entrySet()) {
      Stat stat = entry.getValue();
      if (!files.containsKey(stat.inode())
          && model.read(entry.getKey(), 0, stat.sizeBytes()) instanceof Outcome.Ok<byte[]>(var b)) {
        files.put(stat.inode(), new Version(b, null));
      }
    }
    return files;
  }

  private static String pathOf(ModelFilesystem model, long ino) {
    for (Map.Entry<String, Stat> entry : model.tree().entrySet()) {
      if (entry.getValue().inode() == ino) {
        return entry.getKey();
      }
    }
    return "";
  }

  // ---- comparing ----

  private String differs(Found.Content content, List<Version> allowed, long ino) {
    int least = Integer.MAX_VALUE;
    int most = -1;
    for (Version version : allowed) {
      if (!version.isWhole()) {
        continue;
      }
      least = Math.min(least, version.bytes().length);
      most = Math.max(most, version.bytes().length);
    }
    int size = content.size();
    if (size < least || size > most) {
      return "lost: size " + size + ", not " + least + " to " + most;
    }
    byte[] block = new byte[Block.BYTES];
    for (int at = 0; at < size; at += Block.SECTOR_BYTES) {
      int inBlock = at % Block.BYTES;
      if (inBlock == 0) {
        content.copy(at, block, Math.min(Block.BYTES, size - at));
      }
      int n = Math.min(Block.SECTOR_BYTES, size - at);
      if (!anyAgrees(allowed, at, block, inBlock, n)) {
        return describe(allowed, at, block, inBlock, n, ino);
      }
    }
    return "";
  }

  private static boolean anyAgrees(
      List<Version> allowed, int at, byte[] block, int inBlock, int length) {
    for (Version version : allowed) {
      if (version.countsAt(at) && agrees(version.bytes(), at, block, inBlock, length) == length) {
        return true;
      }
    }
    return false;
  }

  /** How many bytes from {@code at} on agree; behind the end of a version there are zeros. */
  private static int agrees(byte[] version, int at, byte[] block, int inBlock, int length) {
    int inside = Math.clamp(version.length - at, 0, length);
    if (inside > 0) {
      int differs = Arrays.mismatch(version, at, at + inside, block, inBlock, inBlock + inside);
      if (differs >= 0) {
        return differs;
      }
    }
    for (int i = inside; i < length; i++) {
      if (block[inBlock + i] != 0) {
        return i;
      }
    }
    return length;
  }

  private String describe(
      List<Version> allowed, int at, byte[] block, int inBlock, int length, long ino) {
    int reached = 0;
    Set<Integer> wanted = new HashSet<>();
    for (Version version : allowed.stream().filter(v -> v.countsAt(at)).toList()) {
      reached = Math.max(reached, agrees(version.bytes(), at, block, inBlock, length));
    }
    for (Version version : allowed.stream().filter(v -> v.countsAt(at)).toList()) {
      int i = at + Math.min(reached, length - 1);
      wanted.add(i < version.bytes().length ? version.bytes()[i] & 0xff : 0);
    }
    int saw = block[inBlock + Math.min(reached, length - 1)] & 0xff;
    boolean ours = ownValues(ino).contains(saw);
    return (ours ? "lost" : "stale")
        + ": byte "
        + saw
        + " at "
        + (at + reached)
        + ", allowed "
        + wanted;
  }

  /** All values that a file ever held. */
  private Set<Integer> ownValues(long ino) {
    Set<Integer> values = new HashSet<>(Set.of(0));
    for (int p = 0; p <= steps.size(); p++) {
      Version version = run(p, dataOf(ino, steps.size())).get(ino);
      if (version != null) {
        for (byte b : version.bytes()) {
          values.add(b & 0xff);
        }
      }
    }
    return values;
  }
}
