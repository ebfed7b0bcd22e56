package io.faultline.soak.race.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A small concurrent program: a set-up, then each client's operations in the order of the list.
 *
 * <p>As text: {@code device inline}, {@code blocks 64}, then one operation a line, {@code client
 * act arguments}; what follows a # is no part of it.
 *
 * @param device of its volume
 * @param blocks of that device
 */
public record Program(Device device, long blocks, List<Op> ops) {
  /** How requests complete. */
  enum Device {
    /** In the submitter's step. */
    INLINE,
    /** Transfer and completion are tasks of their own: pages stay locked meanwhile. */
    QUEUED
  }

  private static final long BLOCKS_LEAST = 16;
  private static final long BLOCKS_MOST = 1 << 16;
  private static final int OPS_MAX = 200;

  /** Checks the bounds and copies the list. */
  public Program {
    ops = List.copyOf(ops);
    if (blocks < BLOCKS_LEAST || blocks > BLOCKS_MOST || ops.size() > OPS_MAX) {
      throw new IllegalArgumentException(blocks + " blocks, " + ops.size() + " operations");
    }
  }

  Program with(List<Op> others) {
    return new Program(device, blocks, others);
  }

  /** Who takes part, without the set-up. */
  List<Integer> clients() {
    return ops.stream().map(Op::client).filter(c -> c != Op.SETUP).distinct().sorted().toList();
  }

  int files() {
    return 1 + ops.stream().mapToInt(Op::file).max().orElse(0);
  }

  boolean hasCut() {
    return ops.stream().anyMatch(op -> op.act() == Act.CUT);
  }

  /** The program as it can be given back; operations are numbered in comments. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append("device ").append(device.name().toLowerCase(Locale.ROOT)).append('\n');
    text.append("blocks ").append(blocks).append('\n');
    for (int i = 0; i < ops.size(); i++) {
      text.append("%-32s # op%d%n".formatted(ops.get(i).text(), i));
    }
    return text.toString();
  }

  /**
   * Reads what {@link #text} wrote.
   *
   * @throws IllegalArgumentException naming the line that is wrong
   */
  public static Program parse(String text) {
    Device device = Device.INLINE;
    long blocks = 64;
    List<Op> ops = new ArrayList<>();
    int number = 0;
    for (String whole : text.lines().toList()) {
      number++;
      int comment = whole.indexOf('#');
      String line = (comment < 0 ? whole : whole.substring(0, comment)).strip();
      try {
        if (line.startsWith("device ")) {
          device = Device.valueOf(line.substring(7).strip().toUpperCase(Locale.ROOT));
        } else if (line.startsWith("blocks ")) {
          blocks = Long.parseLong(line.substring(7).strip());
        } else if (!line.isEmpty()) {
          ops.add(Op.parse(line));
        }
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
      }
    }
    return new Program(device, blocks, ops);
  }
}
