package io.faultline.cli.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The modules keep to the table of packages. Goal: a wrong import fails the build. Method: each
 * rule runs on all main classes, and on the tree {@code broken}, which breaks every one of them.
 */
class ArchitectureTest {
  private static final String ROOT = "io.faultline";
  private static final String BROKEN_ROOT = "io.faultline.cli.architecture.broken";

  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);
  private static final JavaClasses BROKEN = new ClassFileImporter().importPackages(BROKEN_ROOT);
  private static final Map<String, ArchRule> RULES = ArchitectureRules.of(ROOT);
  private static final Map<String, ArchRule> RULES_FOR_BROKEN = ArchitectureRules.of(BROKEN_ROOT);

  static Stream<String> names() {
    return RULES.keySet().stream();
  }

  private static ArchRule rule(Map<String, ArchRule> rules, String name) {
    ArchRule rule = rules.get(name);
    if (rule == null) {
      throw new AssertionError("no rule " + name);
    }
    return rule;
  }

  @ParameterizedTest
  @MethodSource("names")
  void mainClassesKeepTheRule(String name) {
    rule(RULES, name).check(MAIN);
  }

  @ParameterizedTest
  @MethodSource("names")
  void theRuleFailsOnTheBrokenTree(String name) {
    ArchRule rule = rule(RULES_FOR_BROKEN, name);
    assertThatThrownBy(() -> rule.check(BROKEN))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(BROKEN_ROOT);
  }

  @Test
  void everyForbiddenUseInTheBrokenTreeIsSeen() {
    String output = failures("output");
    assertThat(output).contains("System.out", "java.util.logging.Logger");
    assertThat(failures("repeatable"))
        .contains(
            "java.lang.Thread.sleep(long)",
            "java.lang.System.nanoTime()",
            "java.lang.System.currentTimeMillis()",
            "java.lang.Math.random()",
            "java.util.Random.<init>()",
            "parallelStream")
        .doesNotContain("java.util.Random.<init>(long)");
    assertThat(failures("foreign"))
        .contains("java.lang.foreign.Linker", "java.lang.foreign.SymbolLookup")
        .doesNotContain("java.lang.foreign.MemorySegment>");
  }

  private static String failures(String name) {
    return rule(RULES_FOR_BROKEN, name).evaluate(BROKEN).getFailureReport().toString();
  }

  @Test
  void allModulesAreLookedAt() {
    assertThat(MAIN.stream().map(JavaClass::getPackageName))
        .contains(
            ROOT + ".engine",
            ROOT + ".persistence",
            ROOT,
            ROOT + ".soak",
            ROOT + ".bench",
            ROOT + ".cli");
    assertThat(MAIN.stream().filter(each -> each.getName().startsWith(BROKEN_ROOT))).isEmpty();
  }

  @Test
  void everyPackageOfTheEngineIsInTheTable() {
    String prefix = ROOT + ".engine.";
    Set<String> packages = new TreeSet<>();
    for (JavaClass each : MAIN) {
      if (each.getPackageName().startsWith(prefix)) {
        packages.add(each.getPackageName().substring(prefix.length()).replaceFirst("\\..*", ""));
      }
    }
    assertThat(packages).isSubsetOf(ArchitectureRules.ENGINE_PACKAGES.keySet());
  }
}
