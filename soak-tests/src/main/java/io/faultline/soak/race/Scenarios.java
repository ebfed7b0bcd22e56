package io.faultline.soak.race;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The catalogue of races, SEMANTICS §1 (a) to (k). */
public final class Scenarios {
  /**
   * A race of the series that needs an operation this layout does not have.
   *
   * @param name as it will be called
   * @param race its letter
   * @param needs what is missing
   */
  public record Absent(String name, String race, String needs) {}

  private static final List<Scenario> ALL =
      Stream.of(PunchRaces.all(), TruncateRaces.all(), WritebackRaces.all(), ShiftRaces.all())
          .flatMap(List::stream)
          .sorted(Comparator.comparing(Scenario::race))
          .toList();

  private static final List<Scenario> SMALL =
      Stream.of(LockRaces.all(), CacheRaces.all()).flatMap(List::stream).toList();

  private static final List<Absent> ABSENT =
      List.of(
          new Absent("direct-write-vs-readahead", "f", "direct I/O through OpenFile"),
          new Absent("clone-vs-clone", "h", "clone and dedupe: a layout with shared blocks"),
          new Absent("zone-reset-vs-fault", "i", "the zonefs layout"),
          new Absent("server-end-of-file", "k3", "a filesystem whose size a server keeps"));

  private Scenarios() {}

  /** All that can be run, by their letter. */
  public static List<Scenario> all() {
    return ALL;
  }

  /** What shows no violation but a price. */
  public static List<Scenario> costs() {
    return List.of(FairnessCost.scenario());
  }

  /** Lock and cache scenarios: the same machinery on a lock or a page cache without a volume. */
  public static List<Scenario> locksAndCache() {
    return SMALL;
  }

  /** Races that cannot be run yet, and why. */
  public static List<Absent> absent() {
    return ABSENT;
  }

  /** The one of that name. */
  public static Optional<Scenario> find(String name) {
    return Stream.of(ALL, SMALL, costs())
        .flatMap(List::stream)
        .filter(scenario -> scenario.name().equals(name))
        .findFirst();
  }

  /** The one of that name among those that cannot be run. */
  public static Optional<Absent> findAbsent(String name) {
    return ABSENT.stream().filter(absent -> absent.name().equals(name)).findFirst();
  }
}
