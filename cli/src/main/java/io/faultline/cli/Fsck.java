package io.faultline.cli;

import io.faultline.ErrnoException;
import io.faultline.FsckReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fsck}: checks everything against everything; changes nothing unless told to repair. */
@Command(
    name = "fsck",
    description = {
      "Checks a volume that is not open, its journal included; each contradiction is one line.",
      "An orphan is none: a crash leaves it of a file that was removed while it was open."
    })
final class Fsck implements Callable<Integer> {
  private final Host host;

  @Parameters(index = "0", paramLabel = "VOLUME", description = "The volume's directory.")
  private @Nullable Path directory;

  @Option(
      names = "--repair",
      description =
          "Free the orphans, if nothing else was found. Nothing else is repaired; blocks cannot"
              + " leak, since free space is derived from the mappings.")
  private boolean repair;

  @Spec private @Nullable CommandSpec spec;

  Fsck(Host host) {
    this.host = host;
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    FsckReport report = host.check().apply(Objects.requireNonNull(directory), repair);
    for (FsckReport.Finding finding : report.findings()) {
      out.println(violation(finding));
    }
    for (FsckReport.Orphan orphan : report.orphans()) {
      boolean freed = repair && report.isClean();
      out.println(
          (freed ? "freed" : "orphan") + " ino=" + orphan.ino() + " blocks=" + orphan.blocks());
    }
    if (!report.isClean()) {
      if (report.unlisted() > 0) {
        out.println("unlisted=" + report.unlisted());
      }
      if (repair) {
        out.println(
            "repaired nothing: only orphans are freed, and only where nothing else is wrong;"
                + " not touched: "
                + String.join(
                    ", ",
                    report.findings().stream().map(FsckReport.Finding::kind).distinct().toList()));
      }
      return ExitCode.VIOLATION;
    }
    out.println(
        "clean inodes="
            + (report.inodes() - (repair ? report.orphans().size() : 0))
            + " blocks="
            + (report.blocks() - (repair ? orphanBlocks(report) : 0))
            + " lsn="
            + report.lastLsn()
            + (repair
                ? " freed=" + report.orphans().size() + " leaked=0"
                : " orphans=" + report.orphans().size()));
    return ExitCode.HELD;
  }

  private static long orphanBlocks(FsckReport report) {
    return report.orphans().stream().mapToLong(FsckReport.Orphan::blocks).sum();
  }

  /** The line of a finding; what was seen and what is allowed are one word each. */
  static String violation(FsckReport.Finding finding) {
    return "VIOLATION kind="
        + Names.encode(finding.kind())
        + " ino="
        + number(finding.ino(), "-")
        + " offset="
        + number(finding.offset(), "-")
        + " saw="
        + Names.encode(place(finding) + finding.saw())
        + " allowed="
        + Names.encode(finding.allowed())
        + " lsn="
        + number(finding.lsn(), "never");
  }

  private static String place(FsckReport.Finding finding) {
    StringBuilder place = new StringBuilder(finding.path());
    if (finding.length() != ErrnoException.NONE) {
      place
          .append(place.isEmpty() ? "" : " ")
          .append("bytes [")
          .append(finding.offset())
          .append(", ")
          .append(finding.offset() + finding.length())
          .append(')');
    }
    return place.isEmpty() ? "" : place.append(": ").toString();
  }

  private static String number(long value, String none) {
    return value == ErrnoException.NONE ? none : Long.toString(value);
  }
}
