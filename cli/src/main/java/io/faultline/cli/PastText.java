package io.faultline.cli;

import io.faultline.ErrnoException;
import io.faultline.FileKind;
import io.faultline.FileStatus;
import io.faultline.FsckReport;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Attributes;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.journal.Tx;
import io.faultline.engine.volume.LiveVolume;
import io.faultline.persistence.history.Blame;
import io.faultline.persistence.history.EventTimes;
import io.faultline.persistence.history.NameIndex;
import io.faultline.persistence.history.VolumeDiff;
import io.faultline.persistence.history.VolumeState;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongFunction;

/** What the past answers, as lines; the same words as the verbs that look at the present. */
final class PastText {
  private PastText() {}

  /** An inode as stat(2) would have told it; sizes and blocks are those that were durable. */
  static FileStatus status(Inode inode) {
    Attributes at = inode.attributes();
    long size =
        switch (inode) {
          case Inode.RegularFile f -> f.durableSize();
          case Inode.Directory d -> d.entries().size();
          case Inode.Symlink s -> s.target().getBytes(StandardCharsets.UTF_8).length;
        };
    return new FileStatus(
        at.ino(),
        FileKind.valueOf(inode.kind().name()),
        at.mode(),
        at.uid(),
        at.gid(),
        at.nlink(),
        size,
        inode instanceof Inode.RegularFile f ? f.extents().blocks() : 0,
        at.atimeNanos(),
        at.mtimeNanos(),
        at.ctimeNanos(),
        at.btimeNanos());
  }

  static Json statusJson(String path, FileStatus status) {
    return new Json()
        .put("path", path)
        .put("ino", status.ino())
        .put("kind", EventFields.lower(status.kind()))
        .put("mode", Integer.toOctalString(status.mode()))
        .put("nlink", status.nlink())
        .put("uid", status.uid())
        .put("gid", status.gid())
        .put("size", status.sizeBytes())
        .put("blocks", status.blocks())
        .put("atime", status.atime())
        .put("mtime", status.mtime())
        .put("ctime", status.ctime())
        .put("btime", status.btime());
  }

  /** {@code off:len:state device=BLOCK}, in bytes and the first device block. */
  static String extent(Extent extent) {
    return extent.fileBlock() * LiveVolume.BLOCK_BYTES
        + ":"
        + extent.length() * LiveVolume.BLOCK_BYTES
        + ":"
        + state(extent)
        + " device="
        + extent.physical();
  }

  static Json extentJson(Extent extent) {
    return new Json()
        .put("offset", extent.fileBlock() * LiveVolume.BLOCK_BYTES)
        .put("length", extent.length() * LiveVolume.BLOCK_BYTES)
        .put("state", state(extent))
        .put("device", extent.physical());
  }

  /** The word of the verb extents. */
  private static String state(Extent extent) {
    return extent.isWritten() ? "data" : "unwritten";
  }

  /** The violation line of a finding. */
  static String violation(io.faultline.engine.volume.Fsck.Finding finding, long lsn) {
    return Fsck.violation(
        new FsckReport.Finding(
            finding.kind().toString(),
            figure(finding.ino()),
            finding.path(),
            figure(finding.offset()),
            figure(finding.length()),
            finding.saw(),
            finding.allowed(),
            lsn));
  }

  private static long figure(long found) {
    return found < 0 ? ErrnoException.NONE : found;
  }

  static Json violationJson(io.faultline.engine.volume.Fsck.Finding finding, long lsn) {
    Json json = new Json().put("lsn", lsn).put("violation", finding.kind().toString());
    if (finding.ino() >= 0) {
      json.put("ino", finding.ino());
    }
    if (finding.offset() >= 0) {
      json.put("offset", finding.offset());
    }
    return json.put("saw", finding.text());
  }

  /** The head line of a transaction. */
  static String head(Tx tx, String place) {
    OptionalLong time = EventTimes.of(tx);
    return "lsn="
        + tx.lsn()
        + " epoch="
        + tx.epoch()
        + " time="
        + (time.isPresent() ? Json.time(time.getAsLong()) : "-")
        + " events="
        + tx.events().size()
        + (place.isEmpty() ? "" : " " + place);
  }

  /** Its events, as log prints them, each with the path of its inode. */
  static List<String> events(Tx tx, VolumeState before, VolumeState after) {
    LongFunction<String> paths = paths(tx, before, after);
    List<String> lines = new ArrayList<>();
    for (int index = 0; index < tx.events().size(); index++) {
      Event event = tx.events().get(index);
      lines.add(
          tx.lsn()
              + " "
              + index
              + " "
              + EventText.of(event)
              + " path="
              + Names.encode(paths.apply(event.ino())));
    }
    return lines;
  }

  /** The path in {@code after}, or in {@code before} if it has none there, of an inode of a tx. */
  static LongFunction<String> paths(Tx tx, VolumeState before, VolumeState after) {
    Set<Long> inos = new HashSet<>();
    tx.events().forEach(event -> inos.add(event.ino()));
    NameIndex earlier = before.names(inos);
    NameIndex later = after.names(inos);
    return ino -> {
      String path = later.path(ino);
      return path.startsWith("ino:") ? earlier.path(ino) : path;
    };
  }

  /** One line per inode: + appeared, - went, ~ changed. */
  static String change(VolumeDiff.Change change) {
    boolean gone = change.after().isEmpty();
    boolean made = change.before().isEmpty();
    StringBuilder line = new StringBuilder(gone ? "-" : made ? "+" : "~");
    line.append(' ').append(Names.encode(change.path()));
    line.append(" ino=").append(change.ino());
    (gone ? change.before() : made ? change.after() : Optional.<Inode>empty())
        .ifPresent(
            inode -> {
              FileStatus status = status(inode);
              line.append(" kind=").append(EventFields.lower(status.kind()));
              line.append(" mode=").append(Integer.toOctalString(status.mode()));
              line.append(" nlink=").append(status.nlink());
              line.append(" size=").append(status.sizeBytes());
            });
    change.namesGone().forEach(name -> line.append(" -name=").append(Names.encode(name)));
    change.namesNew().forEach(name -> line.append(" +name=").append(Names.encode(name)));
    for (VolumeDiff.Attribute a : change.attributes()) {
      line.append(' ').append(a.name()).append('=');
      line.append(value(a, a.before())).append("->").append(value(a, a.after()));
    }
    if (!change.unmapped().isEmpty()) {
      line.append(" unmapped=").append(EventText.extents(change.unmapped()));
    }
    if (!change.mapped().isEmpty()) {
      line.append(" mapped=").append(EventText.extents(change.mapped()));
    }
    return line.toString();
  }

  private static String value(VolumeDiff.Attribute a, String value) {
    return a.time() ? Json.time(Long.parseLong(value)) : value;
  }

  static Json changeJson(VolumeDiff.Change change) {
    Json json =
        new Json()
            .put(
                "change",
                change.after().isEmpty() ? "gone" : change.before().isEmpty() ? "new" : "changed")
            .put("path", change.path())
            .put("ino", change.ino())
            .put("namesGone", change.namesGone())
            .put("namesNew", change.namesNew());
    change
        .before()
        .ifPresent(inode -> json.put("before", statusJson(change.path(), status(inode))));
    change.after().ifPresent(inode -> json.put("after", statusJson(change.path(), status(inode))));
    return json.put("unmapped", change.unmapped()).put("mapped", change.mapped());
  }

  static String blame(Blame.Step step) {
    return step.lsn()
        + " "
        + (step.index() < 0 ? "-" : String.valueOf(step.index()))
        + " "
        + time(step.timeNanos())
        + " "
        + EventFields.kind(step.event())
        + " block="
        + (step.block() < 0 ? "-" : String.valueOf(step.block()))
        + " path="
        + Names.encode(step.path())
        + ": "
        + step.what();
  }

  static Json blameJson(Blame.Answer answer, Blame.Step step) {
    Json json = new Json().put("lsn", step.lsn()).put("index", step.index());
    if (step.timeNanos().isPresent()) {
      json.put("at", Json.time(step.timeNanos().getAsLong()));
    }
    return json.put("event", EventFields.kind(step.event()))
        .put("ino", answer.ino())
        .put("path", step.path())
        .put("block", step.block())
        .put("what", step.what());
  }

  private static String time(OptionalLong nanos) {
    return nanos.isPresent() ? Json.time(nanos.getAsLong()) : "-";
  }
}
