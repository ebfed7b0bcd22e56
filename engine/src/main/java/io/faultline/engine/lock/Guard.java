package io.faultline.engine.lock;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How cache fills are kept from running while the mapping under them is destroyed. One engine, one
 * switch per volume: the guards differ from the default only by the acquisitions they omit or add.
 */
public enum Guard {
  /** The series' cure: fills hold the mapping lock shared, destroyers exclusive. The default. */
  MAPPING_LOCK,
  /** XFS before the series: reads hold the {@link IoLock} shared; faults are left unguarded. */
  READS_UNDER_IO_LOCK,
  /**
   * ext4 before the series: nothing keeps a fill from a destroyer. Loses data; for showing that.
   */
  NONE,
  /** Beyond the kernel: fills and destroyers exclude each other only where their ranges overlap. */
  RANGE_LOCK;

  /** System property, "true" while soak makes a volume of its own: {@link #NONE} is not refused. */
  public static final String UNGUARDED_PROPERTY = "faultline.soak.unguarded";

  /**
   * System property, "true" while a price list makes a volume of its own: with {@link #NONE}
   * destroyers take no mapping lock either.
   */
  public static final String UNLOCKED_PROPERTY = "faultline.soak.destroyersUnlocked";

  /**
   * The name users write.
   *
   * @return for example {@code mapping-lock}
   */
  public String optionName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Reads the name users write.
   *
   * @param text one of the {@link #optionName}s, exactly
   * @return the guard
   * @throws IllegalArgumentException naming the valid ones
   */
  public static Guard parse(String text) {
    for (Guard guard : values()) {
      if (guard.optionName().equals(text)) {
        return guard;
      }
    }
    String valid = Arrays.stream(values()).map(Guard::optionName).collect(Collectors.joining(", "));
    throw new IllegalArgumentException("unknown guard '" + text + "': one of " + valid);
  }

  @Override
  public String toString() {
    return optionName();
  }
}
