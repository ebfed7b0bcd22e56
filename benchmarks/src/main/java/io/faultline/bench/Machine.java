package io.faultline.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Who else uses the processors. The load average does not tell: it remembers a build that has
 * ended, and the measured threads raise it themselves. So the processor time of the machine is
 * taken, what the host of a virtual machine took away included, less that of the JVMs that measure
 * and less that of kernel threads, which write back what was measured.
 *
 * @param proc where Linux tells, {@code /proc}
 */
record Machine(Path proc) {
  /** How many KiB Linux reads ahead unless it is told otherwise. */
  static final String READAHEAD_DEFAULT = "128";

  private static final int TICKS_PER_SECOND = 100;
  private static final int KERNEL_THREADS_PARENT = 2;

  /** Processor time so far. */
  record Reading(long ticks, long nanos) {}

  /** Now; the JVMs of {@code ours} do not count. */
  Reading read(Set<Long> ours) throws IOException {
    long ticks = machineTicks(Files.readString(proc.resolve("stat")));
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        try {
          String[] fields = fields(Files.readString(process.resolve("stat")));
          if (ours.contains(pid) || Integer.parseInt(fields[1]) == KERNEL_THREADS_PARENT) {
            // Its own and that of children that have ended: JMH's forks.
            for (int field = 11; field <= 14; field++) {
              ticks -= Long.parseLong(fields[field]);
            }
          }
        } catch (IOException ended) {
          // Between the listing and now: what it used counts as used by others.
        }
      }
    }
    return new Reading(ticks, System.nanoTime());
  }

  /** Cores that others used between two readings, never less than 0. */
  static double cores(Reading before, Reading after) {
    double seconds = Math.max(1, after.nanos - before.nanos) / 1e9;
    return Math.max(0, (after.ticks - before.ticks) / seconds / TICKS_PER_SECOND);
  }

  /** user + nice + system + steal of all processors. */
  private static long machineTicks(String stat) {
    String[] words = stat.lines().findFirst().orElseThrow().strip().split(" +", -1);
    List<Long> ticks = new ArrayList<>();
    for (int i = 1; i < words.length; i++) {
      ticks.add(Long.parseLong(words[i]));
    }
    return ticks.get(0) + ticks.get(1) + ticks.get(2) + (ticks.size() > 7 ? ticks.get(7) : 0);
  }

  /** From the state on: state, parent, …, user and system ticks at 11, of children at 13. */
  private static String[] fields(String stat) {
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
  }

  /** The load average of a minute. */
  double load() throws IOException {
    return Double.parseDouble(Files.readString(proc.resolve("loadavg")).split(" ", -1)[0]);
  }

  /** The processor's name. */
  String processor() throws IOException {
    return Files.readString(proc.resolve("cpuinfo"))
        .lines()
        .filter(line -> line.startsWith("model name"))
        .findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).trim())
        .orElse(System.getProperty("os.arch", "?"));
  }

  /** How many KiB the host reads ahead on that device, empty if it does not say. */
  String readahead(String device) {
    try {
      Path name = Path.of(device).getFileName();
      return Files.readString(Path.of("/sys/class/block/" + name + "/queue/read_ahead_kb")).strip();
    } catch (IOException unknown) {
      return "";
    }
  }

  /** Memory, bytes. */
  long memoryBytes() throws IOException {
    return Files.readString(proc.resolve("meminfo"))
        .lines()
        .filter(line -> line.startsWith("MemTotal:"))
        .findFirst()
        .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
        .orElse(0L);
  }
}
