package io.faultline.engine.inode;

/**
 * A command that changes a file's block mapping. The inode's actor runs one at a time. Offsets and
 * lengths are bytes.
 */
public sealed interface MappingCommand {
  /** For errors and traces, as ftruncate(2) and fallocate(2) name it. */
  String operation();

  /** First byte concerned. */
  long offset();

  /** Bytes concerned; 0 when it is everything behind {@link #offset()}. */
  long length();

  /** ftruncate(2). */
  record Truncate(long size) implements MappingCommand {
    @Override
    public String operation() {
      return "truncate";
    }

    @Override
    public long offset() {
      return size;
    }

    @Override
    public long length() {
      return 0;
    }
  }

  /** FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE. */
  record PunchHole(long offset, long length) implements MappingCommand {
    @Override
    public String operation() {
      return "punch";
    }
  }

  /** FALLOC_FL_ZERO_RANGE, with FALLOC_FL_KEEP_SIZE if {@code keepSize}. */
  record ZeroRange(long offset, long length, boolean keepSize) implements MappingCommand {
    @Override
    public String operation() {
      return "zero";
    }
  }

  /** fallocate mode 0, with FALLOC_FL_KEEP_SIZE if {@code keepSize}. */
  record Allocate(long offset, long length, boolean keepSize) implements MappingCommand {
    @Override
    public String operation() {
      return "allocate";
    }
  }

  /** FALLOC_FL_COLLAPSE_RANGE. */
  record Collapse(long offset, long length) implements MappingCommand {
    @Override
    public String operation() {
      return "collapse";
    }
  }

  /** FALLOC_FL_INSERT_RANGE. */
  record Insert(long offset, long length) implements MappingCommand {
    @Override
    public String operation() {
      return "insert";
    }
  }

  /** The last name and the last open file are gone: give everything back. */
  record Free() implements MappingCommand {
    @Override
    public String operation() {
      return "free";
    }

    @Override
    public long offset() {
      return 0;
    }

    @Override
    public long length() {
      return 0;
    }
  }
}
