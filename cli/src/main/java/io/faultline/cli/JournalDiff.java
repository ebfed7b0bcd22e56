package io.faultline.cli;

import io.faultline.persistence.history.VolumeDiff;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.history.VolumeState;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code journal VOLUME diff}: what is different between two moments. */
@Command(
    name = "diff",
    description =
        "Prints what changed from behind transaction LSN1 to behind LSN2, one line per inode: +"
            + " appeared, - went, ~ changed; names, sizes, extents as"
            + " fileBlock+length@device:state.")
final class JournalDiff extends JournalVerb {
  @Parameters(index = "0", paramLabel = "LSN1", description = "From here; 0 is before everything.")
  private String from = "";

  @Parameters(index = "1", paramLabel = "LSN2", description = "To here; may be the earlier one.")
  private String to = "";

  @Override
  int run(VolumeHistory history) throws IOException {
    long one = lsn(from);
    long other = lsn(to);
    VolumeState before = at(history, one);
    VolumeState after = at(history, other);
    for (VolumeDiff.Change change : VolumeDiff.between(before, after)) {
      out().println(json() ? PastText.changeJson(change).line() : PastText.change(change));
    }
    return ExitCode.HELD;
  }
}
