package io.faultline.soak.failure;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.faultline.Advice;
import io.faultline.MappedView;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.soak.model.OpLine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** What is done while something fails: short, and ended by a sync that must tell of it. */
@SuppressWarnings("ImmutableEnumChecker") // the lists come from List.of
enum AnomalyScenario {
  WRITE_AND_FSYNC("write /f 5000 9000 66", "fsync /f"),
  WRITE_INTO_A_PAGE("write /f 100 10 66", "sync"),
  APPEND("append /f 7000 66", "fsync /f"),
  TRUNCATE_DOWN("truncate /f 6001", "sync"),
  TRUNCATE_UP("truncate /f 30000", "write /f 29000 10 66", "sync"),
  PUNCH_WITH_EDGES("punch /f 1000 9000", "sync"),
  ZERO("zero /f 3000 9000", "sync"),
  COLLAPSE("write /f 9000 10 66", "collapse /f 4096 8192", "sync"),
  INSERT("write /f 9000 10 66", "insert /f 4096 8192", "sync"),
  ALLOCATE("allocate /f 16384 20000", "write /f 22000 9000 66", "sync"),
  CREATE_AND_RENAME("create /n", "rename /h /d/h", "sync"),
  REPLACE_BY_RENAME("write /n 0 5000 66", "fsync /n", "rename /n /f", "sync"),
  UNLINK_AT_LAST_CLOSE("write /f 3000 5000 66", "unlink /f", "sync") {
    @Override
    void unlink(Volume volume) throws IOException {
      try (OpenFile file = volume.open("/f", READ, WRITE)) {
        volume.unlink("/f");
        file.write(ByteBuffer.wrap(new byte[5_000]), 9_000);
      }
    }
  },
  // First the other file, so that the pages of this one find frames in which others were.
  READAHEAD("read /other 0 5000", "read /f 0 20000", "read /h 0 9000", "sync") {
    @Override
    String read(Volume volume, OpLine.Read read) throws IOException {
      try (OpenFile file = volume.open(read.path())) {
        file.advise(0, read.length(), Advice.WILL_NEED);
        ByteBuffer bytes = ByteBuffer.allocate((int) read.length());
        while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {
          // A read may end early.
        }
        return String.valueOf(bytes.position());
      }
    }
  },
  MAPPED_STORE("write /f 5000 6000 66", "fsync /f") {
    @Override
    void write(Volume volume, OpLine.Write write) throws IOException {
      try (OpenFile file = volume.open(write.path(), READ, WRITE);
          MappedView view = file.map(0, 20_000)) {
        byte[] bytes = new byte[(int) write.length()];
        Arrays.fill(bytes, (byte) write.value());
        view.put(write.offset(), ByteBuffer.wrap(bytes));
      }
    }
  };

  /** What is durable before: 20,000 bytes of A, 9,000 of C, a directory. */
  static final List<OpLine> PRELUDE =
      Stream.of(
              "write /f 0 20000 65",
              "write /h 0 9000 67",
              "write /other 0 5000 68",
              "mkdir /d",
              "sync",
              "drop-caches")
          .map(OpLine::parse)
          .toList();

  private final List<OpLine> body;

  AnomalyScenario(String... body) {
    this.body = Stream.of(body).map(OpLine::parse).toList();
  }

  List<OpLine> body() {
    return body;
  }

  /** Carries out one line as this scenario does; what it answers does not matter, if it does. */
  void carryOut(Volume volume, OpLine line) throws IOException {
    switch (line) {
      case OpLine.Write o -> write(volume, o);
      case OpLine.Append o -> {
        try (OpenFile file = volume.open(o.path(), WRITE)) {
          ByteBuffer bytes = filled(o.length(), o.value());
          while (bytes.hasRemaining()) {
            file.append(bytes);
          }
        }
      }
      case OpLine.Read o -> read(volume, o);
      case OpLine.Unlink o -> unlink(volume);
      case OpLine.Create o -> volume.create(o.path(), 0644);
      case OpLine.Mkdir o -> volume.mkdir(o.path());
      case OpLine.Rename o -> volume.rename(o.from(), o.to());
      case OpLine.Truncate o -> change(volume, o.path(), f -> f.truncate(o.sizeBytes()));
      case OpLine.Punch o -> change(volume, o.path(), f -> f.punchHole(o.offset(), o.length()));
      case OpLine.Zero o -> change(volume, o.path(), f -> f.zeroRange(o.offset(), o.length()));
      case OpLine.Allocate o -> change(volume, o.path(), f -> f.allocate(o.offset(), o.length()));
      case OpLine.Collapse o ->
          change(volume, o.path(), f -> f.collapseRange(o.offset(), o.length()));
      case OpLine.Insert o -> change(volume, o.path(), f -> f.insertRange(o.offset(), o.length()));
      case OpLine.Fsync o -> change(volume, o.path(), OpenFile::sync);
      case OpLine.Sync o -> volume.sync();
      case OpLine.DropCaches o -> volume.dropCaches();
      default -> throw new AssertionError(line);
    }
  }

  private interface Change {
    void apply(OpenFile file) throws IOException;
  }

  private static void change(Volume volume, String path, Change change) throws IOException {
    try (OpenFile file = volume.open(path, READ, WRITE)) {
      change.apply(file);
    }
  }

  private static ByteBuffer filled(long length, int value) {
    byte[] bytes = new byte[(int) length];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  void write(Volume volume, OpLine.Write o) throws IOException {
    try (OpenFile file = volume.open(o.path(), CREATE, READ, WRITE)) {
      ByteBuffer bytes = filled(o.length(), o.value());
      // As programs do: after a short write the rest tells why.
      while (bytes.hasRemaining()) {
        file.write(bytes, o.offset() + bytes.position());
      }
    }
  }

  String read(Volume volume, OpLine.Read o) throws IOException {
    throw new AssertionError(o);
  }

  void unlink(Volume volume) throws IOException {
    throw new AssertionError();
  }
}
