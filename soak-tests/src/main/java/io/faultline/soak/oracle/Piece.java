package io.faultline.soak.oracle;

import io.faultline.soak.oracle.Stamps.Content;
import io.faultline.soak.oracle.Stamps.ForeignPiece;
import io.faultline.soak.oracle.Stamps.Garbage;
import io.faultline.soak.oracle.Stamps.OwnPiece;
import io.faultline.soak.oracle.Stamps.Stamp;
import io.faultline.soak.oracle.Stamps.Zeros;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The part of one sub-block that a read returned, decoded.
 *
 * @param fileId the file that was read
 * @param subBlock its index
 * @param skip bytes of the sub-block before the part
 * @param length bytes of the part
 * @param buffer where the part is, not copied
 * @param at index of its first byte there
 * @param content what it says
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; lives for one check
record Piece(
    long fileId, long subBlock, int skip, int length, byte[] buffer, int at, Content content) {

  static List<Piece> cut(long fileId, long offset, byte[] buffer, int returned) {
    List<Piece> pieces = new ArrayList<>(returned / Stamps.SUB_BLOCK_BYTES + 2);
    for (int at = 0; at < returned; ) {
      long subBlock = (offset + at) / Stamps.SUB_BLOCK_BYTES;
      int skip = (int) ((offset + at) % Stamps.SUB_BLOCK_BYTES);
      int length = Math.min(Stamps.SUB_BLOCK_BYTES - skip, returned - at);
      Content content = Stamps.decode(buffer, at, length, skip, fileId, subBlock);
      pieces.add(new Piece(fileId, subBlock, skip, length, buffer, at, content));
      at += length;
    }
    return pieces;
  }

  /** The common case, without an image: the whole sub-block is intact and current. */
  boolean isPlainly(long version, long readEnd) {
    return Math.abs(version) <= readEnd && says(version);
  }

  private boolean says(long version) {
    return switch (content) {
      case Zeros zeros -> version <= 0;
      case Stamp(long owner, long sub, long generation) ->
          owner == fileId && sub == subBlock && generation == version;
      case OwnPiece(long generation) -> generation == version;
      case ForeignPiece foreign -> false;
      case Garbage garbage -> false;
    };
  }

  /** Whether every byte belongs to one and the same of the versions. */
  boolean isOneOf(long[] versions) {
    for (long version : versions) {
      if (says(version) || (length < Stamps.SUB_BLOCK_BYTES && equalsImage(image(version)))) {
        return true;
      }
    }
    return false;
  }

  /** Whether every byte belongs to some of the versions. */
  boolean isMixOf(long[] versions) {
    List<byte[]> images = Arrays.stream(versions).mapToObj(this::image).toList();
    for (int i = 0; i < length; i++) {
      byte saw = buffer[at + i];
      int inSubBlock = skip + i;
      if (images.stream().noneMatch(image -> image[inSubBlock] == saw)) {
        return false;
      }
    }
    return true;
  }

  private boolean equalsImage(byte[] image) {
    return Arrays.equals(image, skip, skip + length, buffer, at, at + length);
  }

  private byte[] image(long version) {
    byte[] image = new byte[Stamps.SUB_BLOCK_BYTES];
    if (version > 0) {
      Stamps.image(image, 0, fileId, subBlock, version);
    }
    return image;
  }

  /** What it is, once it is known to be wrong. */
  Violation.Kind kind(long readEnd) {
    return switch (content) {
      case Zeros zeros -> Violation.Kind.STALE_READ;
      case Stamp(long owner, long sub, long generation) -> {
        if (owner != fileId || sub != subBlock) {
          yield Violation.Kind.FOREIGN_DATA;
        }
        yield generation > readEnd ? Violation.Kind.CORRUPT : Violation.Kind.STALE_READ;
      }
      case OwnPiece(long generation) ->
          generation > readEnd ? Violation.Kind.CORRUPT : Violation.Kind.STALE_READ;
      case ForeignPiece foreign -> Violation.Kind.FOREIGN_DATA;
      case Garbage(boolean foreignHeader) ->
          foreignHeader ? Violation.Kind.FOREIGN_DATA : Violation.Kind.CORRUPT;
    };
  }

  String text() {
    return switch (content) {
      case Zeros zeros -> "zeros";
      case Stamp(long owner, long sub, long generation) ->
          owner == fileId && sub == subBlock
              ? "gen:" + generation
              : "ino:" + owner + ",sub:" + sub + ",gen:" + generation;
      case OwnPiece(long generation) -> "gen:" + generation;
      case ForeignPiece(long generation) -> "ino:?,gen:" + generation;
      case Garbage garbage ->
          "bytes:" + HexFormat.of().formatHex(buffer, at, at + Math.min(32, length));
    };
  }

  static String text(long[] versions) {
    return Arrays.stream(versions)
        .mapToObj(version -> version > 0 ? "gen:" + version : "zeros")
        .distinct()
        .collect(Collectors.joining("|"));
  }
}
