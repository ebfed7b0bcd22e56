package io.faultline.soak.race;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goal: each step that the catalogue says is needed is needed. Method: leave it out and look for a
 * schedule that notices; the same scenario holds with it in every schedule within the bound.
 */
@Tag("simulation")
class MutantCatalogueTest {
  @BeforeAll
  static void begin() {
    Laboratory.begin();
  }

  /** Written out by number, so that a missing one fails by its number. */
  static Stream<String> ids() {
    Stream<String> numbered =
        Stream.of("M", "B")
            .flatMap(letter -> IntStream.rangeClosed(1, 28).mapToObj(n -> letter + n));
    return Stream.concat(numbered, Stream.of("I11", "I12a", "I12b", "I14"));
  }

  @ParameterizedTest
  @MethodSource("ids")
  void standsAsTheCatalogueSays(String id) {
    List<Catalogue.Entry> entries =
        Catalogue.entries().stream().filter(entry -> entry.id().equals(id)).toList();
    assertThat(entries).hasSize(1);
    Catalogue.Row row = Catalogue.run(entries.getFirst());
    assertThat(row.held())
        .as("%s: %s; killed by '%s', a user sees '%s'", id, row.text(), row.killer(), row.seen())
        .isTrue();
  }
}
