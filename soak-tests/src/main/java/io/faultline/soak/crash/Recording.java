package io.faultline.soak.crash;

import io.faultline.engine.errno.FsException;
import io.faultline.soak.model.ModelFilesystem;
import java.io.IOException;
import java.util.List;
import java.util.UUID;

/**
 * A sequence of steps, run once, with everything that reached the media.
 *
 * @param history what the model says of it
 * @param base what the media held before
 * @param tape what happened to them
 * @param from events before this one happened in another life of the volume
 * @param problem what the run itself got wrong; empty if nothing
 */
record Recording(History history, MediaState base, List<TapeEvent> tape, int from, String problem) {
  /** A byte that no operation writes: whoever finds it reads what is not his. */
  static final byte STALE = (byte) 0xEE;

  /** What is there before each sequence: full and partial pages, unwritten blocks, freed ones. */
  private static final List<Step> SETUP =
      Step.parseAll(
          "mkdir /d; write /a 0 12288 1; write /b 0 6000 2; write /d/c 0 4096 3;"
              + " write /g 0 12288 4; allocate /a 16384 8192 keep; sync; unlink /g; sync");

  /** The model behind {@link #SETUP}. */
  static ModelFilesystem setupModel() {
    ModelFilesystem model = new ModelFilesystem();
    var runner = new io.faultline.soak.model.ModelRunner(model);
    for (Step step : SETUP) {
      if (step instanceof Step.Op op) {
        runner.answer(op.line());
      }
    }
    return model;
  }

  /** Media with a volume on which {@link #SETUP} was done and which was closed. */
  static MediaState setup(UUID id) throws IOException {
    Medium medium = new Medium(MediaState.fresh(CrashVolume.BLOCKS, STALE));
    CrashVolume.create(medium, id);
    CrashVolume volume = CrashVolume.open(medium);
    for (Step step : SETUP) {
      volume.run(step);
    }
    volume.run(new Step.Reopen());
    MediaState state = medium.visible();
    volume.abandon();
    return state;
  }

  /** Runs {@code steps} on a volume that {@link #setup} made. */
  static Recording of(MediaState setup, List<Step> steps) {
    Medium medium = new Medium(setup);
    History history = new History(Recording::setupModel, steps);
    return run(medium, history, () -> CrashVolume.open(medium));
  }

  /** Makes a volume and runs {@code steps} on it. */
  static Recording ofNew(UUID id, List<Step> steps) {
    Medium medium = new Medium(MediaState.fresh(CrashVolume.BLOCKS, STALE));
    History history = new History(ModelFilesystem::new, steps);
    return run(
        medium,
        history,
        () -> {
          CrashVolume.create(medium, id);
          medium.record(new TapeEvent.Made());
          return CrashVolume.open(medium);
        });
  }

  private interface Opening {
    CrashVolume open() throws IOException;
  }

  private static Recording run(Medium medium, History history, Opening opening) {
    String problem = "";
    CrashVolume volume = null;
    try {
      volume = opening.open();
      problem = play(volume, medium, history);
    } catch (IOException | RuntimeException | Error e) {
      problem = "error: " + e;
    } finally {
      if (volume != null) {
        volume.abandon();
      }
    }
    return new Recording(history, medium.base(), medium.tape(), 0, problem);
  }

  /** Runs the history's steps; what the model refuses, the engine must refuse. */
  static String play(CrashVolume volume, Medium medium, History history) throws IOException {
    String problem = history.learn(0, volume.lookAtNames());
    for (int i = 1; i <= history.steps().size() && problem.isEmpty(); i++) {
      medium.record(new TapeEvent.Began(i));
      boolean done = true;
      try {
        volume.run(history.steps().get(i - 1));
      } catch (FsException e) {
        if (history.expects(i)) {
          return "error: step " + i + ": " + e.getMessage();
        }
        done = false;
      }
      medium.record(new TapeEvent.Acknowledged(i));
      if (done && !history.expects(i)) {
        return "error: step " + i + " is done, and the model refuses it";
      }
      String wrong = history.learn(i, volume.lookAtNames());
      problem = wrong.isEmpty() ? "" : "error: " + wrong;
    }
    return problem;
  }
}
