package io.faultline.soak.race.search;

import io.faultline.engine.errno.Errno;
import io.faultline.engine.errno.FsException;
import io.faultline.engine.volume.OpenInode;
import io.faultline.soak.oracle.Stamps;
import io.faultline.soak.race.RaceVolume;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the operations of one run on its volume and remembers what they answered. Time is a count
 * of calls and returns, which is exact, since only one task runs at a time. Confined to the tasks
 * of its run.
 */
final class History {
  /** The one client of looks made when all others have returned. */
  static final int LOOKER = Op.CLIENTS_MAX - 1;

  private final RaceVolume volume;
  private final List<OpenInode> files = new ArrayList<>();
  private final List<Call> calls = new ArrayList<>();
  private long now;
  private long cutAt = -1;
  private RaceVolume.@Nullable Remains remains;

  /** Creates the files that {@code program} names; they are durable before anything is done. */
  History(RaceVolume volume, Program program) throws FsException {
    this.volume = volume;
    for (int f = 0; f < program.files(); f++) {
      files.add(volume.file("/f" + f));
    }
    volume.live().sync();
  }

  List<OpenInode> files() {
    return files;
  }

  /** All calls so far, in the order in which they were made. */
  List<Call> calls() {
    return calls;
  }

  /** The calls that concern a file, those that concern all included. */
  List<Call> calls(int file) {
    return calls.stream().filter(c -> !c.op.act().takesFile() || c.op.file() == file).toList();
  }

  /** Makes an operation. What it may answer is remembered, anything else is thrown. */
  Call make(int number, Op op) throws FsException {
    Call call = new Call(number, op, ++now);
    calls.add(call);
    try {
      perform(call, op);
    } catch (FsException refused) {
      if (!mayAnswer(op.act(), refused.errno())) {
        throw refused;
      }
      call.errno = refused.errno();
    }
    call.returned = ++now;
    return call;
  }

  /** What the power cut left, if there was one. */
  RaceVolume.@Nullable Remains remains() {
    return remains;
  }

  /** When it was. */
  long cutAt() {
    return cutAt;
  }

  private static boolean mayAnswer(Act act, Errno errno) {
    return switch (errno) {
      case ENOSPC ->
          act == Act.WRITE
              || act == Act.APPEND
              || act == Act.STORE
              || act == Act.ZERO
              || act == Act.ZERO_KEEP
              || act == Act.ALLOCATE
              || act == Act.ALLOCATE_KEEP;
      case ENXIO ->
          act == Act.LOAD || act == Act.STORE || act == Act.SEEK_DATA || act == Act.SEEK_HOLE;
      case EINVAL -> act == Act.COLLAPSE || act == Act.INSERT;
      default -> false;
    };
  }

  private void perform(Call call, Op op) throws FsException {
    OpenInode file = files.get(op.file());
    long offset = op.offset();
    long length = op.length();
    switch (op.act()) {
      case READ -> {
        ByteBuffer bytes = ByteBuffer.allocate((int) length);
        saw(call, bytes, file.read(bytes, offset));
      }
      case LOAD -> {
        ByteBuffer bytes = ByteBuffer.allocate((int) length);
        try {
          file.load(bytes, offset);
        } finally {
          saw(call, bytes, bytes.position());
        }
      }
      case WRITE -> call.result = file.write(stamped(call), offset);
      case APPEND -> {
        ByteBuffer bytes = stamped(call);
        call.place = file.append(bytes);
        call.result = bytes.position();
      }
      case STORE -> {
        ByteBuffer bytes = stamped(call);
        try {
          file.store(bytes, offset);
        } finally {
          call.result = bytes.position();
        }
      }
      case TRUNCATE -> OpenInode.await(file.truncate(offset));
      case PUNCH -> OpenInode.await(file.punchHole(offset, length));
      case ZERO, ZERO_KEEP ->
          OpenInode.await(file.zeroRange(offset, length, op.act() == Act.ZERO_KEEP));
      case ALLOCATE, ALLOCATE_KEEP ->
          OpenInode.await(file.allocate(offset, length, op.act() == Act.ALLOCATE_KEEP));
      case COLLAPSE -> OpenInode.await(file.collapseRange(offset, length));
      case INSERT -> OpenInode.await(file.insertRange(offset, length));
      case SEEK_DATA -> call.result = file.seekData(offset);
      case SEEK_HOLE -> call.result = file.seekHole(offset);
      case ADVISE -> file.advise(offset, length, OpenInode.Advice.WILL_NEED);
      case DROP -> file.advise(offset, length, OpenInode.Advice.DONT_NEED);
      case FSYNC -> file.sync(true);
      case SYNC -> volume.live().sync();
      case DROP_CACHES -> volume.live().dropCaches();
      case EVICT -> volume.live().cache().dropClean();
      case CUT -> {
        if (remains == null) {
          remains = volume.remains(op.length());
          cutAt = ++now;
        }
      }
    }
  }

  private void saw(Call call, ByteBuffer bytes, int count) {
    call.result = count;
    byte[] seen = new byte[count];
    bytes.get(0, seen);
    call.seen = Call.decode(seen, count, files.get(call.op.file()).vnode().ino());
  }

  /** Stamps count from where the write begins: where an append does is not known before. */
  private ByteBuffer stamped(Call call) {
    byte[] bytes = new byte[(int) call.op.length()];
    Stamps.fill(
        bytes,
        files.get(call.op.file()).vnode().ino(),
        0,
        bytes.length / FileState.UNIT,
        FileState.generation(call.number));
    return ByteBuffer.wrap(bytes);
  }
}
