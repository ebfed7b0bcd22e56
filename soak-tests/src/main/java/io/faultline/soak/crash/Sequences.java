package io.faultline.soak.crash;

import io.faultline.soak.model.OpLine;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The sequences of a campaign: one or two operations on the small tree of {@link Recording#setup},
 * with nothing, an fsync of the file or a sync behind the first, and an fsync or a sync at the end.
 * Each write has a value of its own.
 */
final class Sequences {
  /** One of each kind at least, aligned and not, in place and not, over the end and not. */
  private static final List<String> OPERATIONS =
      List.of(
          "create /n",
          "mkdir /m",
          "write /n 0 5000 V",
          "write /a 4096 4096 V",
          "write /a 1000 6000 V",
          "write /b 5000 4000 V",
          "write /a 16384 3000 V",
          "append /b 3000 V",
          "append /a 4096 V",
          "truncate /a 0",
          "truncate /a 5000",
          "truncate /b 20000",
          "punch /a 4096 4096",
          "punch /a 100 9000",
          "punch /b 1000 2000",
          "zero /a 4096 4096",
          "zero /a 2000 6000",
          "zero /b 4000 9000",
          "allocate /b 8192 8192",
          "allocate /a 12288 4096 keep",
          "collapse /a 0 4096",
          "collapse /a 4096 4096",
          "insert /a 4096 4096",
          "insert /b 0 8192",
          "rename /a /b",
          "rename /a /d/x",
          "rename /d /q",
          "rename /b /n",
          "link /a /l",
          "link /b /d/l",
          "unlink /a",
          "unlink /b",
          "fsync /a",
          "fsync /b",
          "sync",
          "interval",
          "checkpoint");

  /**
   * A checkpoint and then two segments more. The next checkpoint, if it is that of the last
   * segment's first transaction, replaces the one before it and all other segments; if it is newer,
   * both checkpoints stay and only what is behind the first one goes.
   */
  private static final String CHECKPOINT_AND_ROLL =
      "create /n; mkdir /m; sync; checkpoint;"
          + " create /o; mkdir /p; write /q 0 5000 V; sync; write /r 0 5000 V; sync; ";

  /** Cases that pairs do not reach: known interleavings, and those that need three operations. */
  private static final List<String> SPECIAL =
      List.of(
          "write /a 0 12288 V; writeback-elsewhere /a; datasync /a",
          "write /n 0 8192 V; writeback-elsewhere /n; interval",
          "write /a 4096 4096 V; punch /a 100 200; fsync /b; sync",
          "write /a 4096 4096 V; punch /a 100 200; fsync /b; interval",
          "write /n 0 8192 V; interval",
          // Nothing runs before the interval ends: no timer of the journal's commits for it.
          "write /a 409600 8192 V; interval",
          "write /a 0 4096 V; datasync /a",
          "write /a 0 4096 V; reopen",
          "write /n 0 5000 V; reopen; fsync /n",
          "punch /a 0 8192; write /n 0 8192 V; fsync /n",
          "punch /a 0 8192; write /b 8192 8192 V; fsync /b",
          "collapse /a 0 4096; write /a 0 8192 V; fsync /b; fsync /a",
          "insert /a 0 4096; write /a 4096 8192 V; sync",
          "collapse /a 0 4096; punch /a 100 200; fsync /a",
          "insert /a 4096 4096; punch /a 9000 200; sync",
          "create /n; fsync /n; create /m; fsync /m; create /o; fsync /o; create /p; fsync /p",
          "write /b 6000 1000 V; fsync /a; allocate /b 8000 200; fsync /b",
          "append /b 2000 V; write /b 100 200 V; sync; truncate /b 6100; sync",
          "unlink /a; write /n 0 12288 V; fsync /n; write /b 0 9000 V; sync",
          CHECKPOINT_AND_ROLL + "checkpoint",
          CHECKPOINT_AND_ROLL + "create /s; sync; checkpoint");

  /** Of a volume that is made first. */
  private static final List<String> FRESH =
      List.of("", "create /n; fsync /n", "write /n 0 5000 V; sync");

  private Sequences() {}

  /** A sequence, and whether the making of the volume belongs to it. */
  record Case(List<Step> steps, boolean fresh) {
    String text() {
      return Trail.of(steps, fresh).text();
    }
  }

  /** The cases of every {@code verify}: all special ones, all single operations, some pairs. */
  static List<Case> sample() {
    Set<Case> cases = new LinkedHashSet<>(special());
    for (String operation : OPERATIONS) {
      cases.add(ended(List.of(operation), "fsync"));
    }
    List<Case> pairs = pairs();
    SplittableRandom random = new SplittableRandom(20);
    for (int i = 0; i < 45; i++) {
      cases.add(pairs.get(random.nextInt(pairs.size())));
    }
    return List.copyOf(cases);
  }

  /** Everything up to two operations, the sample first. */
  static List<Case> all() {
    Set<Case> cases = new LinkedHashSet<>(sample());
    for (String operation : OPERATIONS) {
      cases.add(ended(List.of(operation), "sync"));
    }
    cases.addAll(pairs());
    return List.copyOf(cases);
  }

  private static List<Case> special() {
    List<Case> cases = new ArrayList<>();
    FRESH.forEach(text -> cases.add(new Case(numbered(text), true)));
    SPECIAL.forEach(text -> cases.add(new Case(numbered(text), false)));
    return cases;
  }

  private static List<Case> pairs() {
    List<Case> cases = new ArrayList<>();
    for (String first : OPERATIONS) {
      for (String second : OPERATIONS) {
        for (String end : List.of("fsync", "sync")) {
          cases.add(ended(List.of(first, second), end));
          cases.add(ended(List.of(first, syncOf(first), second), end));
          cases.add(ended(List.of(first, "sync", second), end));
        }
      }
    }
    return cases;
  }

  /**
   * Three operations at random, for as long as there is time; behind some of them a checkpoint that
   * can drop something.
   */
  static Case random(SplittableRandom random) {
    List<String> lines = new ArrayList<>();
    boolean checkpoints = random.nextInt(4) == 0;
    if (checkpoints) {
      lines.addAll(List.of(CHECKPOINT_AND_ROLL.split("; *", -1)));
      lines.removeLast(); // behind the last semicolon there is none
    }
    for (int i = 0; i < 3; i++) {
      String operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
      lines.add(operation);
      if (random.nextInt(4) == 0) {
        lines.add(random.nextBoolean() ? "sync" : syncOf(operation));
      }
      if (checkpoints && random.nextBoolean()) {
        lines.add(random.nextInt(4) == 0 ? "reopen" : "checkpoint");
      }
    }
    return ended(lines, random.nextBoolean() ? "fsync" : "sync");
  }

  private static Case ended(List<String> lines, String end) {
    List<String> all = new ArrayList<>(lines);
    all.add(end.equals("sync") ? "sync" : syncOf(lines.getLast()));
    return new Case(numbered(String.join("; ", all)), false);
  }

  /** An fsync of what the operation was about; of a directory there is none, so a sync. */
  private static String syncOf(String operation) {
    if (List.of("sync", "interval", "checkpoint", "reopen").contains(operation)) {
      return "sync";
    }
    return switch (OpLine.parse(operation.replace('V', '1'))) {
      case OpLine.Rename o -> o.from().equals("/d") ? "fsync /q/c" : "fsync " + o.to();
      case OpLine.Link o -> "fsync " + o.path();
      case OpLine.Unlink o -> o.path().equals("/a") ? "fsync /b" : "fsync /a";
      case OpLine.Mkdir _ -> "sync";
      default -> "fsync " + operation.split(" ", -1)[1];
    };
  }

  /** Each V becomes a value of its own. */
  private static List<Step> numbered(String text) {
    StringBuilder numbered = new StringBuilder();
    int value = 100;
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == 'V') {
        numbered.append(++value);
      } else {
        numbered.append(text.charAt(i));
      }
    }
    return Step.parseAll(numbered.toString());
  }
}
