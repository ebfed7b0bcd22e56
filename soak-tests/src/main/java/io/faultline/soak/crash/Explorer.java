package io.faultline.soak.crash;

import io.faultline.soak.crash.Trail.Crash;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Builds the states that a power cut may leave of one recorded sequence after the other, recovers
 * them and holds them against the model. One thread's; its volumes bear an id of their own.
 */
final class Explorer {
  /** How deep: crashes in the recovery from a crash in the recovery from a crash. */
  static final int DEPTH = 2;

  /** What a state must keep to. */
  @FunctionalInterface
  private interface Expectation {
    /** Why it does not; empty if it does. */
    String contradiction(Found found, Sweep at);
  }

  /**
   * How much is done with each state.
   *
   * @param fullEvery of so many different states one is also opened as a volume
   * @param fullEveryDeep the same for states left by crashes in a recovery
   * @param killEvery at one of so many events the process is killed as well
   * @param killEveryDeep the same for events of a recovery
   */
  record Shares(int fullEvery, int fullEveryDeep, int killEvery, int killEveryDeep) {
    static final Shares USUAL = new Shares(97, 61, 9, 37);
  }

  /** Figures of a campaign. */
  static final class Figures {
    long sequences;
    long states;
    long fullRecoveries;
    long recoveriesCrashed;
    long kills;
    long lies;
    long replays;
    long checkpoints;
    long segmentsDropped;
    int deepest;
    final Set<Long> distinct = new HashSet<>();

    void count(TapeEvent event) {
      if (event instanceof TapeEvent.NameMoved moved
          && moved.to().startsWith(CrashVolume.CHECKPOINT + "/")) {
        checkpoints++;
      } else if (event instanceof TapeEvent.NameRemoved removed
          && removed.path().startsWith(CrashVolume.JOURNAL + "/")) {
        segmentsDropped++;
      }
    }

    void add(Figures other) {
      sequences += other.sequences;
      states += other.states;
      fullRecoveries += other.fullRecoveries;
      recoveriesCrashed += other.recoveriesCrashed;
      kills += other.kills;
      lies += other.lies;
      replays += other.replays;
      checkpoints += other.checkpoints;
      segmentsDropped += other.segmentsDropped;
      deepest = Math.max(deepest, other.deepest);
      distinct.addAll(other.distinct);
    }
  }

  private final UUID id;
  private final Shares shares;
  private final long seed;
  private final ReplayRecovery replay = new ReplayRecovery();
  private final Figures figures = new Figures();
  private @Nullable MediaState setup;
  private SplittableRandom random = new SplittableRandom();
  private long different;
  private @Nullable CrashFinding finding;

  Explorer(UUID id, Shares shares, long seed) {
    this.id = id;
    this.shares = shares;
    this.seed = seed;
    begin("");
  }

  /** What is chosen at random for a sequence depends on nothing but the seed and the sequence. */
  private void begin(String sequence) {
    random = new SplittableRandom(Hashes.mix(seed) ^ sequence.hashCode());
    different = random.nextInt(shares.fullEvery());
    finding = null;
  }

  Figures figures() {
    figures.replays = replay.recoveries();
    return figures;
  }

  /** Makes what every sequence begins with; must not be under an omission. */
  void prepare() throws IOException {
    setup();
  }

  private MediaState setup() throws IOException {
    MediaState known = setup;
    if (known == null) {
      known = Recording.setup(id);
      setup = known;
    }
    return known;
  }

  /** Explores one sequence up to the first finding. */
  Optional<CrashFinding> explore(Sequences.Case sequence) throws IOException {
    Trail trail = Trail.of(sequence.steps(), sequence.fresh());
    begin(trail.text());
    figures.sequences++;
    Recording recording = record(trail);
    if (!recording.problem().isEmpty()) {
      return Optional.of(new CrashFinding(recording.problem(), trail.text()));
    }
    sweep(recording, usual(recording), trail, 0);
    if (finding == null) {
      lies(recording, trail);
    }
    return Optional.ofNullable(finding);
  }

  private Recording record(Trail trail) throws IOException {
    return trail.fresh()
        ? Recording.ofNew(id, trail.steps())
        : Recording.of(setup(), trail.steps());
  }

  private static Expectation usual(Recording recording) {
    return (found, at) ->
        recording.history().contradiction(found, at.begun(), at.acknowledged(), -1);
  }

  /** All states of a tape; ends with the first finding. */
  private void sweep(Recording recording, Expectation expected, Trail trail, int depth) {
    figures.deepest = Math.max(figures.deepest, depth);
    Sweep sweep = new Sweep(recording.base());
    Set<Long> seen = new HashSet<>();
    List<TapeEvent> tape = recording.tape();
    for (int at = 1; at <= tape.size() && finding == null; at++) {
      TapeEvent event = tape.get(at - 1);
      int before = sweep.pending().size();
      sweep.step(event);
      if (at <= recording.from()) {
        continue;
      }
      figures.count(event);
      // A barrier and a beginning allow nothing that was not allowed before, except where not all
      // subsets were built; what is acknowledged forbids.
      boolean change = event instanceof TapeEvent.Change;
      if (change
          || event instanceof TapeEvent.Acknowledged
          || event instanceof TapeEvent.Opened
          || event instanceof TapeEvent.Made
          || (event.isBarrier() && before > Choice.EXHAUSTIVE_MAX)) {
        cuts(sweep, at, change, expected, trail, depth, seen);
      }
      if (finding == null && depth < DEPTH && killsHere(sweep, depth)) {
        figures.kills++;
        Trail killed = trail.then(new Crash.Kill(at));
        kill(recording, sweep, at, expected, killed, depth);
      }
    }
  }

  /** Always where a segment has no durable name yet, which is rare and short. */
  private boolean killsHere(Sweep sweep, int depth) {
    return depth == 0
        ? sweep.namesPendingIn(CrashVolume.JOURNAL) || random.nextInt(shares.killEvery()) == 0
        : random.nextInt(shares.killEveryDeep()) == 0;
  }

  private void cuts(
      Sweep sweep,
      int at,
      boolean newest,
      Expectation expected,
      Trail trail,
      int depth,
      Set<Long> seen) {
    int last = sweep.pending().size() - 1;
    long window =
        Hashes.mix(sweep.acknowledged() * 64L + sweep.begun() * 4L + (sweep.opened() ? 1 : 0));
    for (Choice choice : Choice.of(sweep.pending(), random)) {
      if (finding != null) {
        return;
      }
      boolean exhaustive = last < Choice.EXHAUSTIVE_MAX;
      if (newest && exhaustive && !choice.kept().get(last) && choice.torn() != last) {
        continue; // the same as before this event
      }
      MediaState state = sweep.cut(choice);
      figures.states++;
      long hash = state.hash();
      figures.distinct.add(hash);
      if (!seen.add(hash ^ window)) {
        continue;
      }
      Trail cut = trail.then(new Crash.Power(at, choice));
      ReplayRecovery.Outcome outcome = replay.recover(state);
      String wrong = judge(outcome, sweep, expected);
      if (!wrong.isEmpty()) {
        finding = new CrashFinding(wrong, cut.text());
        return;
      }
      int every = depth == 0 ? shares.fullEvery() : shares.fullEveryDeep();
      if (outcome.sound() && ++different % every == 0) {
        resume(new Medium(state), state, null, sweep, cut, depth);
      }
    }
  }

  private static String judge(ReplayRecovery.Outcome outcome, Sweep at, Expectation expected) {
    if (outcome.sound()) {
      return expected.contradiction(outcome.found(), at);
    }
    boolean absent = outcome.problem().equals(ReplayRecovery.ABSENT);
    return absent && !at.made() ? "" : outcome.problem();
  }

  private void kill(
      Recording recording, Sweep sweep, int at, Expectation expected, Trail trail, int depth) {
    List<TapeEvent> before = recording.tape().subList(0, at);
    Medium medium = Medium.killed(recording.base(), before);
    MediaState visible = medium.visible();
    ReplayRecovery.Outcome outcome = replay.recover(visible);
    String wrong = judge(outcome, sweep, expected);
    if (!wrong.isEmpty()) {
      finding = new CrashFinding(wrong, trail.text());
    } else if (outcome.sound()) {
      resume(medium, visible, expected, sweep, trail, depth);
    }
  }

  /** A volume's next life: what happened in it, and what its crashes must keep to. */
  private record Life(Recording recording, Expectation expected) {}

  private void resume(
      Medium medium,
      MediaState state,
      @Nullable Expectation unsynced,
      Sweep crashedAt,
      Trail trail,
      int depth) {
    figures.fullRecoveries++;
    if (depth > 0) {
      figures.recoveriesCrashed++;
    }
    Life life = live(medium, state, unsynced, crashedAt, trail);
    if (life != null && depth < DEPTH) {
      sweep(life.recording(), life.expected(), trail, depth + 1);
    }
  }

  /**
   * Opens a volume on what a crash left, looks at it and uses it; null after a finding.
   *
   * @param unsynced what holds until the first sync after a kill, which loses nothing and makes
   *     nothing durable; null after a power cut
   */
  private @Nullable Life live(
      Medium medium,
      MediaState state,
      @Nullable Expectation unsynced,
      Sweep crashedAt,
      Trail trail) {
    int from = medium.length();
    Resumption next = Resumption.of(medium, replay.recover(state));
    if (!next.problem().isEmpty()) {
      finding = new CrashFinding(next.problem(), trail.text());
      return null;
    }
    History history = Objects.requireNonNull(next.history());
    Expectation expected =
        (found, at) -> {
          if (unsynced == null || at.acknowledged() >= 1) {
            return history.contradiction(found, at.begun(), at.acknowledged(), -1);
          }
          String wrong = unsynced.contradiction(found, crashedAt);
          // What was found when the volume was opened again is believed from then on.
          return wrong.isEmpty() && at.opened() && !history.hasTree(0, found)
              ? "names: what the opened volume showed is gone: " + found.names().keySet()
              : wrong;
        };
    return new Life(new Recording(history, medium.base(), medium.tape(), from, ""), expected);
  }

  /** Goes through one sequence and its crashes again; empty if they hold. */
  Optional<CrashFinding> replay(Trail trail) throws IOException {
    begin(trail.text());
    Trail so = Trail.of(trail.steps(), trail.fresh());
    Recording recording = record(so);
    if (!recording.problem().isEmpty()) {
      return Optional.of(new CrashFinding(recording.problem(), so.text()));
    }
    Life life = new Life(recording, usual(recording));
    for (Crash crash : trail.crashes()) {
      so = so.then(crash);
      Life next = crash(Objects.requireNonNull(life), crash, so);
      if (finding != null || next == null) {
        return Optional.ofNullable(finding);
      }
      life = next;
    }
    return Optional.empty();
  }

  private @Nullable Life crash(Life life, Crash crash, Trail trail) {
    List<TapeEvent> tape = life.recording().tape();
    Sweep sweep = new Sweep(life.recording().base());
    int at = crash.at();
    if (at < 1 || at > tape.size()) {
      throw new IllegalArgumentException("the tape has " + tape.size() + " events, not " + at);
    }
    if (crash instanceof Crash.Lie lie) {
      for (int i = 0; i < at; i++) {
        if (i != lie.barrier()) {
          sweep.step(tape.get(i));
        }
      }
      lie(life.recording(), sweep, trail);
      return null;
    }
    tape.subList(0, at).forEach(sweep::step);
    boolean killed = crash instanceof Crash.Kill;
    Medium medium =
        crash instanceof Crash.Power power
            ? new Medium(sweep.cut(power.choice()))
            : Medium.killed(life.recording().base(), tape.subList(0, at));
    MediaState state = medium.visible();
    ReplayRecovery.Outcome outcome = replay.recover(state);
    String wrong = judge(outcome, sweep, life.expected());
    if (!wrong.isEmpty()) {
      finding = new CrashFinding(wrong, trail.text());
    }
    return finding != null || !outcome.sound()
        ? null
        : live(medium, state, killed ? life.expected() : null, sweep, trail);
  }

  /**
   * A barrier that returns without having done anything is not the engine's fault: it may refuse
   * the volume or come to an older state, but not to one that contradicts itself.
   */
  private void lies(Recording recording, Trail trail) {
    List<TapeEvent> tape = recording.tape();
    for (int barrier = 0; barrier < tape.size() && finding == null; barrier++) {
      if (!tape.get(barrier).isBarrier()) {
        continue;
      }
      Sweep sweep = new Sweep(recording.base());
      boolean acknowledged = false;
      for (int at = 1; at <= tape.size() && finding == null; at++) {
        TapeEvent event = tape.get(at - 1);
        if (at - 1 != barrier) {
          sweep.step(event);
        }
        boolean end = at == tape.size();
        boolean first = !acknowledged && at > barrier && event instanceof TapeEvent.Acknowledged;
        acknowledged |= first;
        if (first || end) {
          Crash.Lie lie = new Crash.Lie(at, barrier);
          lie(recording, sweep, trail.then(lie));
        }
      }
    }
  }

  private void lie(Recording recording, Sweep sweep, Trail trail) {
    figures.lies++;
    ReplayRecovery.Outcome outcome = replay.recover(sweep.cut(Choice.none()));
    boolean refused =
        outcome.problem().startsWith("refused")
            || outcome.problem().startsWith(ReplayRecovery.GAP)
            || outcome.problem().equals(ReplayRecovery.ABSENT);
    if (!outcome.sound() && !refused) {
      finding = new CrashFinding("lie " + outcome.problem(), trail.text());
    } else if (outcome.sound() && !recording.history().isSomeTree(outcome.found())) {
      finding =
          new CrashFinding("lie: " + outcome.found().names().keySet() + " never was", trail.text());
    }
  }
}
