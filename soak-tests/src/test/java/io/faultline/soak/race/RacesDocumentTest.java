package io.faultline.soak.race;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Goal: docs/RACES.md shows what the engine does today. Method: make it again and compare. */
@Tag("simulation")
class RacesDocumentTest {
  private static final Path DOCS = Path.of("..", "docs");

  @BeforeAll
  static void begin() {
    Laboratory.begin();
  }

  @Test
  void theDocumentAndItsPicturesAreWhatTheEngineShows() throws IOException {
    Map<String, String> made = RacesDocument.files();
    if (Boolean.getBoolean("faultline.races.write")) {
      Files.createDirectories(DOCS.resolve("races"));
      for (Map.Entry<String, String> file : made.entrySet()) {
        Files.writeString(DOCS.resolve(file.getKey()), file.getValue());
      }
    }
    for (Map.Entry<String, String> file : made.entrySet()) {
      assertThat(DOCS.resolve(file.getKey())).hasContent(file.getValue());
    }
    try (Stream<Path> pictures = Files.list(DOCS.resolve("races"))) {
      Set<String> names = pictures.map(p -> "races/" + p.getFileName()).collect(Collectors.toSet());
      assertThat(made.keySet()).containsAll(names);
    }
  }

  @Test
  void aPictureLoadsNothingAndShowsEveryState() {
    String picture = RacesDocument.files().get("races/punch-vs-read.svg");
    assertThat(picture)
        .startsWith("<svg ")
        .endsWith("</svg>\n")
        .doesNotContain("href")
        .doesNotContain("<script")
        .contains("lock of inode")
        .contains("url(#shared)")
        .contains("url(#draining)")
        .contains(">exclusive<");
  }
}
