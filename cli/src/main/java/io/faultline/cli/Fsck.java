package io.faultline.cli;

import io.faultline.ErrnoException;
import io.faultline.FsckReport;
import io.faultline.Volume;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code fsck}: checks everything against everything; changes nothing. */
@Command(name = "fsck", description = "Checks a volume; each contradiction is one line.")
final class Fsck extends VolumeVerb {
  Fsck(Host host) {
    super(host, true);
  }

  @Override
  int run(Volume volume) throws IOException {
    FsckReport report = volume.fsck();
    long lsn = volume.status().durableLsn();
    for (FsckReport.Finding finding : report.findings()) {
      out().println(violation(finding, lsn));
    }
    if (!report.isClean()) {
      return ExitCode.VIOLATION;
    }
    out().println("clean inodes=" + report.inodes() + " blocks=" + report.blocks() + " lsn=" + lsn);
    return ExitCode.HELD;
  }

  /** The line of a finding; its sentence is what was seen, in one word. */
  static String violation(FsckReport.Finding finding, long lsn) {
    return "VIOLATION kind="
        + Names.encode(finding.kind())
        + " ino="
        + number(finding.ino())
        + " offset="
        + number(finding.offset())
        + " saw="
        + Names.encode(finding.text())
        + " allowed=none lsn="
        + lsn;
  }

  private static String number(long value) {
    return value == ErrnoException.NONE ? "-" : Long.toString(value);
  }
}
