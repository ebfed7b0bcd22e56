package io.faultline.engine.extent;

import java.util.List;

/** Makes maps that no change of a map can lead to. */
public final class UnsoundExtents {
  private UnsoundExtents() {}

  /** A map of just these, whatever they are. */
  public static ExtentMap of(Extent... extents) {
    if (extents.length == 0) {
      return ExtentMap.EMPTY;
    }
    long blocks = List.of(extents).stream().mapToLong(Extent::length).sum();
    return new ExtentMap(new Extent[][] {extents}, extents.length, blocks, 1);
  }
}
