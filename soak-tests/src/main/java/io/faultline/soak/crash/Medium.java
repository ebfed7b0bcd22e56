package io.faultline.soak.crash;

import io.faultline.engine.device.BlockDevice;
import io.faultline.engine.device.DeviceCapabilities;
import io.faultline.engine.device.Io;
import io.faultline.engine.device.JournalStore;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The media of one volume while it is in use: an image and directories of files, which show
 * everything written and put it on one tape. Requests complete before they return. Thread-safe.
 */
final class Medium {
  /** More than a record has, less than a segment: some records fill zeros, some run over them. */
  private static final int ZEROS_AHEAD_BYTES = 300;

  private final MediaState base;
  private final MediaState visible;
  private final List<TapeEvent> tape = new ArrayList<>();
  private int nextFile;
  private boolean recording = true;
  private volatile Consumer<Io> gate = io -> {};

  /** Media that hold {@code base}, all of it durable. */
  Medium(MediaState base) {
    this.base = base;
    this.visible = base.copy();
    this.nextFile = base.names().values().stream().mapToInt(f -> f).max().orElse(0) + 1;
  }

  /** Media as they are when a process was killed behind {@code events}: nothing is lost yet. */
  static Medium killed(MediaState base, List<TapeEvent> events) {
    Medium medium = new Medium(base);
    for (TapeEvent event : events) {
      if (event instanceof TapeEvent.FileCreated created) {
        medium.nextFile = Math.max(medium.nextFile, created.file() + 1);
      }
      if (event instanceof TapeEvent.Change || event.isBarrier()) {
        medium.record(event);
      }
    }
    return medium;
  }

  MediaState base() {
    return base;
  }

  /** A copy of what happened so far. */
  synchronized List<TapeEvent> tape() {
    return List.copyOf(tape);
  }

  synchronized int length() {
    return tape.size();
  }

  /** What can be seen now. */
  synchronized MediaState visible() {
    return visible.copy();
  }

  /** Puts an event on the tape and carries it out. */
  synchronized void record(TapeEvent event) {
    if (!recording) {
      return;
    }
    if (event instanceof TapeEvent.Change change) {
      visible.apply(change);
    }
    tape.add(event);
  }

  /** What comes from here on happens to nobody: the volume is only being put away. */
  synchronized void stop() {
    recording = false;
  }

  /** Sees every write before it is carried out, on the thread that asks for it. */
  void gate(Consumer<Io> newGate) {
    gate = newGate;
  }

  BlockDevice image() {
    return new Image();
  }

  JournalStore directory(String name) {
    return new Directory(name);
  }

  private final class Image implements BlockDevice {
    @Override
    public long sizeBytes() {
      return (long) base.blocks() * Block.BYTES;
    }

    @Override
    public DeviceCapabilities capabilities() {
      return new DeviceCapabilities(true, true, Block.BYTES, "recorded memory");
    }

    @Override
    public boolean peek(long deviceOffset, MemorySegment to) {
      for (long at = 0; at < to.byteSize(); at += Block.BYTES) {
        read(deviceOffset + at, to, at);
      }
      return true;
    }

    private void read(long deviceOffset, MemorySegment to, long at) {
      byte[] bytes;
      synchronized (Medium.this) {
        bytes = visible.block((int) (deviceOffset / Block.BYTES)).bytes();
      }
      MemorySegment.copy(bytes, 0, to, ValueLayout.JAVA_BYTE, at, Block.BYTES);
    }

    @Override
    public void submit(Io io) {
      check(io);
      int first = (int) (io.deviceOffset() / Block.BYTES);
      switch (io.op()) {
        case READ -> {
          for (int i = 0; i < io.pieces(); i++) {
            read((long) (first + i) * Block.BYTES, io.memory(), io.pieceOffset(i));
          }
        }
        case WRITE -> {
          gate.accept(io);
          List<Block> blocks = new ArrayList<>();
          for (int i = 0; i < io.pieces(); i++) {
            byte[] bytes = new byte[Block.BYTES];
            MemorySegment.copy(
                io.memory(), ValueLayout.JAVA_BYTE, io.pieceOffset(i), bytes, 0, Block.BYTES);
            blocks.add(new Block(bytes));
          }
          record(new TapeEvent.ImageWritten(first, List.copyOf(blocks)));
        }
        case FLUSH -> record(new TapeEvent.ImageFlushed());
        case DISCARD -> throw new UnsupportedOperationException("nothing discards yet");
      }
      io.complete(null);
    }

    @Override
    public void close() {
      // Media outlive the volume.
    }
  }

  private final class Directory implements JournalStore {
    private final String name;

    Directory(String name) {
      this.name = name;
    }

    private String path(String file) {
      return name + "/" + JournalStore.checkName(file);
    }

    @Override
    public List<String> list() {
      synchronized (Medium.this) {
        return visible.names().keySet().stream()
            .filter(path -> path.startsWith(name + "/"))
            .map(path -> path.substring(name.length() + 1))
            .toList();
      }
    }

    @Override
    public JournalFile open(String file, boolean create) throws IOException {
      synchronized (Medium.this) {
        Integer known = visible.names().get(path(file));
        if (known != null) {
          return new OpenedFile(known);
        }
        if (!create) {
          throw new NoSuchFileException(path(file));
        }
        int number = nextFile++;
        record(new TapeEvent.FileCreated(path(file), number));
        return new OpenedFile(number);
      }
    }

    private int existing(String file) throws IOException {
      Integer known = visible.names().get(path(file));
      if (known == null) {
        throw new NoSuchFileException(path(file));
      }
      return known;
    }

    @Override
    public void delete(String file) throws IOException {
      synchronized (Medium.this) {
        existing(file);
        record(new TapeEvent.NameRemoved(path(file)));
      }
    }

    @Override
    public void rename(String from, String to) throws IOException {
      synchronized (Medium.this) {
        record(new TapeEvent.NameMoved(path(from), path(to), existing(from)));
      }
    }

    @Override
    public int zerosAheadBytes() {
      return ZEROS_AHEAD_BYTES;
    }

    @Override
    public void syncDirectory() {
      record(new TapeEvent.DirectorySynced(name));
    }
  }

  private final class OpenedFile implements JournalStore.JournalFile {
    private final int file;

    OpenedFile(int file) {
      this.file = file;
    }

    private byte[] bytes() {
      synchronized (Medium.this) {
        return visible.bytes(file);
      }
    }

    @Override
    public long length() {
      return bytes().length;
    }

    @Override
    public int read(ByteBuffer dst, long position) {
      return StateFiles.read(bytes(), dst, position);
    }

    @Override
    public void write(ByteBuffer src, long position) {
      byte[] bytes = new byte[src.remaining()];
      src.get(bytes);
      record(new TapeEvent.FileWritten(file, Math.toIntExact(position), bytes));
    }

    @Override
    public void sync() {
      record(new TapeEvent.FileSynced(file));
    }

    @Override
    public void truncate(long length) {
      if (length < length()) {
        record(new TapeEvent.FileCut(file, Math.toIntExact(length)));
      }
    }

    @Override
    public void close() {
      // Closing makes nothing durable.
    }
  }
}
