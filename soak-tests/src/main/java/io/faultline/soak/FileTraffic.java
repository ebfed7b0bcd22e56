package io.faultline.soak;

import io.faultline.Advice;
import io.faultline.BusErrorException;
import io.faultline.Errno;
import io.faultline.ErrnoException;
import io.faultline.soak.oracle.Mutation;
import io.faultline.soak.oracle.Mutation.Op;
import io.faultline.soak.oracle.ReadClock.ReadTicket;
import io.faultline.soak.oracle.Stamps;
import io.faultline.soak.oracle.Violation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The operations of one worker on files: each goes through the file's oracle, is traced and
 * counted. What the oracle objects to ends the soak; an errno that is no lack of space is thrown.
 * Belongs to one thread.
 */
final class FileTraffic {
  private final SoakRun run;
  private final int thread;

  FileTraffic(SoakRun run, int thread) {
    this.run = run;
    this.thread = thread;
  }

  /** Does what was granted and answers how many bytes of it were done. */
  @FunctionalInterface
  private interface Change {
    long apply(Mutation granted) throws IOException;
  }

  // ---- looking ----

  void read(SoakFile file, long offset, int length, boolean direct) throws IOException {
    ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
    ReadTicket ticket = file.oracle().readStart();
    long began = System.nanoTime();
    int count;
    try {
      count = file.file().read(buffer, offset);
    } catch (IOException | RuntimeException failure) {
      file.oracle().abandon(ticket);
      trace(OpKind.READ, file, offset, length, began, ticket.start(), -1);
      throw failure;
    }
    trace(OpKind.READ, file, offset, length, began, ticket.start(), count);
    Optional<Violation> wrong =
        direct
            ? file.oracle().check(ticket, offset, buffer, count)
            : file.oracle().check(ticket, offset, buffer.array(), count);
    verified(OpKind.READ, file, count, wrong);
  }

  /** Loads through the file's view; a page past the end must be one that may be past the end. */
  void load(SoakFile file, long offset, int length) throws IOException {
    byte[] bytes = new byte[length];
    ByteBuffer target = ByteBuffer.wrap(bytes);
    ReadTicket ticket = file.oracle().readStart();
    long began = System.nanoTime();
    boolean whole = false;
    try {
      if (length == 1) {
        bytes[0] = file.view().get(offset);
      } else {
        file.view().get(offset, target);
      }
      whole = true;
    } catch (BusErrorException fault) {
      if (fault.errno() != Errno.ENXIO) {
        file.oracle().abandon(ticket);
        throw fault;
      }
    } catch (IOException | RuntimeException failure) {
      file.oracle().abandon(ticket);
      trace(OpKind.FAULT_LOAD, file, offset, length, began, ticket.start(), -1);
      throw failure;
    }
    int loaded = whole ? length : target.position();
    trace(OpKind.FAULT_LOAD, file, offset, length, began, ticket.start(), loaded);
    if (whole) {
      verified(OpKind.FAULT_LOAD, file, length, file.oracle().checkLoad(ticket, offset, bytes));
    } else if (loaded == 0) {
      verified(OpKind.FAULT_LOAD, file, 0, file.oracle().check(ticket, offset, bytes, 0));
    } else {
      file.oracle().abandon(ticket);
      run.counts().count(OpKind.FAULT_LOAD);
    }
  }

  private void verified(OpKind kind, SoakFile file, int bytes, Optional<Violation> wrong)
      throws IOException {
    if (wrong.isPresent()) {
      run.report(Finding.of(lookCloser(file, wrong.get())));
    }
    run.counts().count(kind);
    run.counts().bytesVerified.add(Math.max(0, bytes));
  }

  /**
   * A few bytes of a sub-block do not tell which version they are of. What is wrong in the cache
   * mostly stays there, so the whole sub-block is read and, if that is wrong too, tells more.
   */
  private static Violation lookCloser(SoakFile file, Violation first) throws IOException {
    if (first.kind() != Violation.Kind.CORRUPT) {
      return first;
    }
    byte[] bytes = new byte[Stamps.SUB_BLOCK_BYTES];
    long offset = first.offset() / bytes.length * bytes.length;
    ReadTicket ticket = file.oracle().readStart();
    int count;
    try {
      count = file.file().read(ByteBuffer.wrap(bytes), offset);
    } catch (IOException | RuntimeException failure) {
      file.oracle().abandon(ticket);
      throw failure;
    }
    return file.oracle().check(ticket, offset, bytes, count).orElse(first);
  }

  void advise(SoakFile file, long offset, long length, Advice advice) throws IOException {
    long began = System.nanoTime();
    OpKind kind = advice == Advice.WILL_NEED ? OpKind.READAHEAD : OpKind.ADVISE;
    file.file().advise(offset, length, advice);
    trace(kind, file, offset, length, began, 0, 0);
    run.counts().count(kind);
  }

  // ---- changing ----

  void write(SoakFile file, long offset, int length) throws IOException {
    OpKind kind = offset + length > file.oracle().sizeBytes() ? OpKind.EXTEND : OpKind.WRITE;
    mutate(
        kind,
        file,
        Op.WRITE,
        offset,
        length,
        granted -> whole(file.file().write(stamped(file, granted), granted.offset())));
  }

  void append(SoakFile file, int length) throws IOException {
    mutate(
        OpKind.APPEND,
        file,
        Op.APPEND,
        0,
        length,
        granted -> {
          ByteBuffer bytes = stamped(file, granted);
          long landed = file.file().append(bytes);
          if (landed != granted.offset()) {
            throw new IllegalStateException(
                "append landed at " + landed + " and not at the end, " + granted.offset());
          }
          return whole(bytes.position());
        });
  }

  void store(SoakFile file, long offset, int length) throws IOException {
    mutate(
        OpKind.FAULT_STORE,
        file,
        Op.STORE,
        offset,
        length,
        granted -> {
          file.view().put(granted.offset(), stamped(file, granted));
          return granted.lengthBytes();
        });
  }

  void truncate(SoakFile file, long sizeBytes) throws IOException {
    OpKind kind = sizeBytes < file.oracle().sizeBytes() ? OpKind.TRUNCATE_DOWN : OpKind.TRUNCATE_UP;
    mutate(
        kind,
        file,
        Op.TRUNCATE,
        sizeBytes,
        0,
        granted -> {
          file.file().truncate(granted.offset());
          return granted.lengthBytes();
        });
  }

  void punch(SoakFile file, long offset, long length) throws IOException {
    mutate(
        OpKind.PUNCH,
        file,
        Op.PUNCH,
        offset,
        length,
        granted -> {
          file.file().punchHole(offset, length);
          return granted.lengthBytes();
        });
  }

  void zero(SoakFile file, long offset, long length, boolean keepSize) throws IOException {
    mutate(
        OpKind.ZERO_RANGE,
        file,
        keepSize ? Op.ZERO_KEEP : Op.ZERO,
        offset,
        length,
        granted -> {
          file.file().zeroRange(offset, length, keepSize);
          return granted.lengthBytes();
        });
  }

  /** Gives blocks; one that keeps the size changes nothing a read can see, wherever it ends. */
  void allocate(SoakFile file, long offset, long length, boolean keepSize) throws IOException {
    if (!keepSize) {
      mutate(
          OpKind.ALLOCATE,
          file,
          Op.ALLOCATE,
          offset,
          length,
          granted -> {
            file.file().allocate(offset, length, false);
            return granted.lengthBytes();
          });
      return;
    }
    long began = System.nanoTime();
    try {
      file.file().allocate(offset, length, true);
      run.counts().count(OpKind.ALLOCATE);
    } catch (ErrnoException failure) {
      survive(OpKind.ALLOCATE, failure);
    }
    trace(OpKind.ALLOCATE, file, offset, length, began, 0, 0);
  }

  void sync(SoakFile file, boolean dataOnly) throws IOException {
    long began = System.nanoTime();
    if (dataOnly) {
      file.file().dataSync();
    } else {
      file.file().sync();
    }
    trace(OpKind.SYNC, file, 0, 0, began, 0, 0);
    run.counts().count(OpKind.SYNC);
  }

  private void mutate(OpKind kind, SoakFile file, Op op, long offset, long length, Change change)
      throws IOException {
    Mutation granted = file.oracle().begin(op, offset, length);
    long began = System.nanoTime();
    long done = -1;
    try {
      done = granted.lengthBytes() == 0 && op == Op.STORE ? 0 : change.apply(granted);
    } catch (ErrnoException failure) {
      survive(kind, failure);
    } finally {
      trace(kind, file, granted.offset(), granted.lengthBytes(), began, granted.generation(), done);
      if (done >= 0) {
        file.oracle().end(granted, done);
      } else {
        file.oracle()
            .fail(granted, sizeAfterFailure(file, granted))
            .ifPresent(violation -> run.report(Finding.of(violation)));
      }
    }
    if (done >= 0) {
      run.counts().count(kind);
    }
  }

  /** Counts a lack of space where there may be one; anything else is the caller's failure. */
  private void survive(OpKind kind, ErrnoException failure) throws ErrnoException {
    boolean givesBlocks =
        switch (kind) {
          case WRITE, APPEND, EXTEND, FAULT_STORE, ZERO_RANGE, ALLOCATE -> true;
          default -> false;
        };
    if (!givesBlocks || failure.errno() != Errno.ENOSPC) {
      throw failure;
    }
    run.counts().noSpace.increment();
  }

  private static long sizeAfterFailure(SoakFile file, Mutation granted) {
    try {
      return file.file().size();
    } catch (IOException | RuntimeException alsoFailed) {
      // The first failure is on its way; this one adds nothing.
      return granted.sizeBefore();
    }
  }

  private static ByteBuffer stamped(SoakFile file, Mutation granted) {
    byte[] bytes = new byte[Math.toIntExact(granted.lengthBytes())];
    Stamps.fill(
        bytes,
        file.oracle().fileId(),
        granted.offset() / Stamps.SUB_BLOCK_BYTES,
        bytes.length / Stamps.SUB_BLOCK_BYTES,
        granted.generation());
    return ByteBuffer.wrap(bytes);
  }

  private static long whole(int written) {
    if (written <= 0 || written % Stamps.SUB_BLOCK_BYTES != 0) {
      throw new IllegalStateException("wrote " + written + " bytes: space ends inside no block");
    }
    return written;
  }

  private void trace(
      OpKind kind, SoakFile file, long offset, long length, long began, long ticket, long result) {
    run.trace().add(thread, kind, file.ino(), offset, length, began, ticket, result);
  }
}
