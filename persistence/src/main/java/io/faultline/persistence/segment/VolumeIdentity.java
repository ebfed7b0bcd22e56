package io.faultline.persistence.segment;

import java.util.UUID;

/**
 * Which volume, and which opening of it.
 *
 * @param id given at creation, independent of the path
 * @param epoch how many times the volume has been opened; raised before anything else happens, so
 *     that a holder of an older one can be told apart and refused
 */
public record VolumeIdentity(UUID id, long epoch) {
  public VolumeIdentity {
    if (epoch < 1) {
      throw new IllegalArgumentException("epoch " + epoch);
    }
  }
}
