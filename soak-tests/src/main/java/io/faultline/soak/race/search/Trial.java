package io.faultline.soak.race.search;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.MemoryDevice;
import io.faultline.engine.device.RecordingDevice;
import io.faultline.engine.inode.InodeTable;
import io.faultline.engine.lock.Guard;
import io.faultline.engine.runtime.sim.Explorer;
import io.faultline.engine.runtime.sim.SimRuntime;
import io.faultline.engine.runtime.sim.SimScheduler;
import io.faultline.engine.runtime.sim.SimulationFailure;
import io.faultline.engine.runtime.sim.Strategy;
import io.faultline.engine.runtime.sim.Turn;
import io.faultline.engine.volume.OpenInode;
import io.faultline.soak.race.Cast;
import io.faultline.soak.race.Omission;
import io.faultline.soak.race.RaceSetup;
import io.faultline.soak.race.RaceViolation;
import io.faultline.soak.race.RaceVolume;
import io.faultline.soak.race.Scenario;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs a program once and judges it; mutants are the caller's. */
final class Trial implements Explorer.Scenario {
  private static final int LOOK_BYTES = 64 * 4096;

  private final Program program;
  private final Guard guard;
  private @Nullable History history;

  Trial(Program program, Guard guard) {
    this.program = program;
    this.guard = guard;
  }

  /**
   * How a run ended.
   *
   * @param turns who went on, in order; kept only where asked for
   * @param calls what was called and answered
   */
  record Outcome(
      SimScheduler scheduler,
      List<Turn> turns,
      List<Call> calls,
      Optional<SimulationFailure> failure) {
    Optional<RaceViolation> violation() {
      return failure.map(RaceViolation::of);
    }

    /** Whether the judge had to give up. */
    boolean open() {
      return failure.map(Throwable::getCause).orElse(null) instanceof Judge.Open;
    }
  }

  Outcome run(long seed, Strategy strategy) {
    SimScheduler scheduler = new SimScheduler(seed, strategy).keepTurns();
    prepare(scheduler);
    SimulationFailure failure = null;
    try {
      scheduler.run();
    } catch (SimulationFailure failed) {
      failure = failed;
    }
    return new Outcome(
        scheduler,
        failure == null ? List.of() : scheduler.turns(),
        history == null ? List.of() : history.calls(),
        Optional.ofNullable(failure));
  }

  @Override
  public void prepare(SimScheduler scheduler) {
    RaceSetup setup =
        new RaceSetup(
            program.blocks(),
            RaceSetup.SMALL.frames(),
            guard,
            RaceSetup.SMALL.policy(),
            RaceSetup.SMALL.commitNanos(),
            this::device);
    new Scenario(
            "search",
            "",
            "",
            "",
            setup,
            new Omission(guard, Set.of()),
            "any",
            "",
            false,
            this::clients)
        .prepare(scheduler);
  }

  private BlockDevice device(SimRuntime runtime, long sizeBytes) {
    BlockDevice memory =
        program.device() == Program.Device.INLINE
            ? new MemoryDevice(sizeBytes)
            : MemoryDevice.scheduledBy(runtime, sizeBytes);
    return program.hasCut() ? RecordingDevice.overEmpty(memory) : memory;
  }

  private void clients(RaceVolume volume, Cast cast) throws Exception {
    History made = new History(volume, program);
    history = made;
    List<Op> ops = program.ops();
    for (int i = 0; i < ops.size(); i++) {
      if (ops.get(i).client() == Op.SETUP) {
        made.make(i, ops.get(i));
      }
    }
    for (int client : program.clients()) {
      cast.client(
          "client" + client,
          () -> {
            for (int i = 0; i < ops.size(); i++) {
              if (ops.get(i).client() == client) {
                made.make(i, ops.get(i));
              }
            }
          });
    }
    cast.check(() -> check(volume, made));
  }

  /** Everything that must hold when all have returned. */
  private void check(RaceVolume volume, History made) throws IOException {
    look(made);
    volume.live().dropCaches();
    look(made);
    for (int f = 0; f < made.files().size(); f++) {
      throwIf(Judge.judge(made.calls(f), ino(made, f)));
    }
    if (guard != Guard.NONE) {
      volume.requireSound();
      requireNothingReserved(volume);
      requireReplayed(volume);
    }
    RaceVolume.Remains remains = made.remains();
    if (remains != null) {
      volume.close();
      try (RaceVolume after = volume.opened(remains)) {
        checkAfterCut(after, made);
      }
    }
  }

  private void look(History made) throws IOException {
    for (int f = 0; f < made.files().size(); f++) {
      make(made, f);
    }
  }

  private Call make(History made, int file) throws IOException {
    int number = program.ops().size() + made.calls().size();
    return made.make(number, new Op(History.LOOKER, Act.READ, file, 0, LOOK_BYTES));
  }

  private static long ino(History made, int file) {
    return made.files().get(file).vnode().ino();
  }

  /** Invariant I14: all is written back, so that nothing waits for a block. */
  private static void requireNothingReserved(RaceVolume volume) {
    long reserved =
        volume.live().filesInUse().stream().mapToLong(v -> v.mapping().reservedPages()).sum();
    if (reserved != 0) {
      throw new RaceViolation("lost-space", -1, -1, reserved + " reserved", "0 reserved");
    }
  }

  private static void requireReplayed(RaceVolume volume) throws IOException {
    InodeTable live = volume.live().table();
    InodeTable replayed = volume.replayed();
    if (!replayed.equals(live)) {
      throw new RaceViolation(
          "replay-differs", -1, -1, replayed.all().toString(), live.all().toString());
    }
  }

  private void checkAfterCut(RaceVolume after, History made) throws IOException {
    for (int f = 0; f < made.files().size(); f++) {
      OpenInode file = after.file("/f" + f);
      Op look = new Op(History.LOOKER, Act.READ, f, 0, LOOK_BYTES);
      byte[] bytes = RaceVolume.read(file, 0, LOOK_BYTES);
      Call found = new Call(0, look, 0);
      found.seen = Call.decode(bytes, bytes.length, ino(made, f));
      throwIf(Judge.afterCut(made.calls(f), made.cutAt(), found, ino(made, f)));
    }
    if (guard != Guard.NONE) {
      after.requireSound();
    }
  }

  private static void throwIf(Optional<RaceViolation> violation) {
    if (violation.isPresent()) {
      throw violation.get();
    }
  }
}
