package io.faultline.cli.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.Map.entry;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The rules on who may use what, for the packages below a root. The root is a parameter so that the
 * same rules can be shown to fail on a small tree that breaks them.
 */
final class ArchitectureRules {

  /**
   * For each package of the engine, the packages of the engine it may use besides its own; each is
   * meant with everything below it. {@code errno} is open to all.
   */
  static final Map<String, Set<String>> ENGINE_PACKAGES =
      new TreeMap<>(
          Map.ofEntries(
              entry("errno", Set.of()),
              entry("runtime", Set.of()),
              entry("device", Set.of("runtime")),
              // Block groups report to the lock order, block states to the invariants.
              entry("extent", Set.of("runtime", "lock")),
              entry("lock", Set.of("runtime")),
              entry("inode", Set.of("extent")),
              // A transaction is made of the inodes' events.
              entry("journal", Set.of("runtime", "inode", "extent", "lock")),
              entry("layout", Set.of("inode", "extent", "device")),
              entry("pagecache", Set.of("lock", "device", "runtime", "extent")),
              entry(
                  "writeback",
                  Set.of("pagecache", "inode", "extent", "journal", "device", "lock", "runtime")),
              entry("namespace", Set.of("inode", "journal", "extent", "lock", "runtime")),
              entry(
                  "volume",
                  Set.of(
                      "runtime",
                      "device",
                      "extent",
                      "lock",
                      "journal",
                      "inode",
                      "layout",
                      "pagecache",
                      "writeback",
                      "namespace")),
              entry(
                  "actor",
                  Set.of(
                      "runtime",
                      "device",
                      "extent",
                      "lock",
                      "journal",
                      "inode",
                      "layout",
                      "pagecache",
                      "writeback",
                      "namespace",
                      "volume"))));

  /** Packages outside the engine, lowest first: each may use those before it. */
  private static final List<String> UPPER_PACKAGES =
      List.of("persistence", "", "soak", "bench", "cli");

  /** Calls that make a run depend on the clock, on chance or on the threads of the machine. */
  private static final Map<String, Set<String>> UNREPEATABLE =
      Map.ofEntries(
          entry("java.lang.Thread", Set.of("sleep")),
          entry("java.lang.System", Set.of("nanoTime", "currentTimeMillis")),
          entry("java.lang.Math", Set.of("random")),
          entry("java.time.Instant", Set.of("now")),
          entry("java.time.Clock", Set.of("systemUTC", "systemDefaultZone", "system")),
          entry("java.util.UUID", Set.of("randomUUID")),
          entry("java.util.concurrent.ThreadLocalRandom", Set.of("current")),
          entry("java.util.concurrent.TimeUnit", Set.of("sleep")));

  private ArchitectureRules() {}

  /** All rules by name. */
  static Map<String, ArchRule> of(String root) {
    Map<String, ArchRule> rules = new LinkedHashMap<>();
    rules.put("akka", akkaStaysInThreePackages(root));
    rules.put("foreign", foreignCallsStayInDevice(root));
    ENGINE_PACKAGES.forEach(
        (name, allowed) -> rules.put("engine." + name, enginePackage(root, name, allowed)));
    rules.put("engine", engineDependsOnNothingAbove(root));
    for (String name : UPPER_PACKAGES.subList(0, UPPER_PACKAGES.size() - 1)) {
      rules.put(name.isEmpty() ? "api" : name, usesNothingAbove(root, name));
    }
    rules.put("model", modelKnowsNothingOfTheEngine(root));
    rules.put("output", noOutputOutsidePrograms(root));
    rules.put("repeatable", timeAndChanceComeFromRuntime(root));
    rules.put("buffers", buffersHaveAnOwner(root));
    return rules;
  }

  private static ArchRule akkaStaysInThreePackages(String root) {
    return noClasses()
        .that(resideInAPackage(root + ".."))
        .and()
        .resideOutsideOfPackages(
            root + ".engine.actor..",
            root + ".engine.runtime.akka..",
            root + ".persistence.journal..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("akka..", "scala..")
        .because("the journal and the actors are plumbing that can be exchanged")
        .allowEmptyShould(true);
  }

  private static ArchRule foreignCallsStayInDevice(String root) {
    return noClasses()
        .that(resideInAPackage(root + ".."))
        .and()
        .resideOutsideOfPackages(root + ".engine.device..", root + ".mount..", root + ".bench..")
        .should()
        .dependOnClassesThat(
            describe(
                "call native code",
                used ->
                    Stream.of("Linker", "SymbolLookup", "FunctionDescriptor")
                        .map("java.lang.foreign."::concat)
                        .anyMatch(
                            name ->
                                used.getName().equals(name)
                                    || used.getName().startsWith(name + "$"))))
        .because(
            "a foreign call pins its carrier thread; benchmarks make some of the host's to compare"
                + " with, and memory segments may go anywhere")
        .allowEmptyShould(true);
  }

  private static ArchRule enginePackage(String root, String name, Set<String> allowed) {
    String[] open =
        Stream.concat(allowed.stream(), Stream.of("errno", name))
            .map(each -> root + ".engine." + each + "..")
            .toArray(String[]::new);
    return noClasses()
        .that()
        .resideInAPackage(root + ".engine." + name + "..")
        .should()
        .dependOnClassesThat(resideInAPackage(root + "..").and(not(resideInAnyPackage(open))))
        .because("engine." + name + " may use only " + allowed)
        .allowEmptyShould(true);
  }

  private static ArchRule engineDependsOnNothingAbove(String root) {
    return noClasses()
        .that()
        .resideInAPackage(root + ".engine..")
        .should()
        .dependOnClassesThat(
            resideInAPackage(root + "..").and(not(resideInAPackage(root + ".engine.."))))
        .because("the engine is the lowest module")
        .allowEmptyShould(true);
  }

  private static ArchRule usesNothingAbove(String root, String name) {
    int position = UPPER_PACKAGES.indexOf(name);
    DescribedPredicate<JavaClass> above =
        UPPER_PACKAGES.subList(position + 1, UPPER_PACKAGES.size()).stream()
            .map(each -> module(root, each))
            .reduce((one, other) -> one.or(other))
            .orElseThrow();
    return noClasses()
        .that(module(root, name))
        .should()
        .dependOnClassesThat(above)
        .because("modules depend in one direction: engine, persistence, api, soak, bench, cli")
        .allowEmptyShould(true);
  }

  /** The packages of a module; api has the root and whatever belongs to no other module. */
  private static DescribedPredicate<JavaClass> module(String root, String name) {
    if (!name.isEmpty()) {
      return resideInAPackage(root + "." + name + "..");
    }
    return resideInAPackage(root + "..")
        .and(
            not(
                resideInAnyPackage(
                    root + ".engine..",
                    root + ".persistence..",
                    root + ".soak..",
                    root + ".mount..",
                    root + ".bench..",
                    root + ".cli..")));
  }

  private static ArchRule modelKnowsNothingOfTheEngine(String root) {
    return noClasses()
        .that()
        .resideInAPackage(root + ".soak.model..")
        .should()
        .dependOnClassesThat(
            resideInAPackage(root + "..").and(not(resideInAPackage(root + ".soak.model.."))))
        .because("a model that shares code with the engine shares its mistakes")
        .allowEmptyShould(true);
  }

  private static ArchRule noOutputOutsidePrograms(String root) {
    return noClasses()
        .that(resideInAPackage(root + ".."))
        .and()
        .resideOutsideOfPackages(root + ".cli..", root + ".soak..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.util.logging..")
        .orShould()
        .accessTargetWhere(
            describe(
                "the target is a standard stream",
                (JavaAccess<?> access) ->
                    access.getTargetOwner().getName().equals("java.lang.System")
                        && Set.of("out", "err").contains(access.getName())))
        .because("standard output belongs to the program, a library logs through slf4j")
        .allowEmptyShould(true);
  }

  private static ArchRule timeAndChanceComeFromRuntime(String root) {
    return noClasses()
        .that(resideInAPackage(root + ".."))
        .and()
        .resideOutsideOfPackages(
            root + ".engine.runtime..", root + ".cli..", root + ".soak..", root + ".bench..")
        .should()
        .accessTargetWhere(
            describe("the target is the clock or chance", ArchitectureRules::isUnrepeatable))
        .because("the seeded scheduler must own time and randomness")
        .allowEmptyShould(true);
  }

  private static ArchRule buffersHaveAnOwner(String root) {
    return noClasses()
        .that()
        .resideInAnyPackage(root + ".engine..", root + ".persistence..")
        .should()
        .callMethod(java.nio.ByteBuffer.class, "allocateDirect", int.class)
        .because(
            "the JVM frees direct buffers on a thread of its own, whose monitor a simulated task"
                + " may find taken; use an Arena that is closed")
        .allowEmptyShould(true);
  }

  private static boolean isUnrepeatable(JavaAccess<?> access) {
    JavaClass owner = access.getTargetOwner();
    if (owner.getName().equals("java.util.Random") && access.getName().equals("<init>")) {
      // A generator made from a seed repeats; one without does not.
      return access.getTarget().getFullName().equals("java.util.Random.<init>()");
    }
    return access.getName().equals("parallelStream")
        || UNREPEATABLE.getOrDefault(owner.getName(), Set.of()).contains(access.getName());
  }
}
