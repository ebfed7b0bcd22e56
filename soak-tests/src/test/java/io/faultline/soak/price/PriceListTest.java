package io.faultline.soak.price;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.OpenFile;
import io.faultline.engine.lock.Guard;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: the price list measures what it says, checks what it reads, and leaves nothing behind.
 * Method: the whole list in a size in which no figure means anything; then with files that lie.
 */
class PriceListTest {
  @TempDir private Path directory;
  private final StringWriter text = new StringWriter();

  private PriceOptions tiny() {
    return new PriceOptions("ext4", 1, 5, 2 << 20, directory.resolve("json"));
  }

  private int list(BiFunction<Guard, OpenFile, OpenFile> wrapping) throws IOException {
    return new PriceList(tiny(), new PrintWriter(text, true), wrapping).run();
  }

  @Test
  void everyRowHasAFigureForEveryGuard() throws IOException {
    assertThat(list((guard, file) -> file)).as("%s", text).isEqualTo(PriceList.HELD);
    String json = Files.readString(directory.resolve("json"));
    List<String> guards = Arrays.stream(Guard.values()).map(Guard::optionName).toList();
    for (Row row : Row.all()) {
      assertThat(text.toString()).contains("\n" + row.title() + "\n");
      for (String guard : guards) {
        String key = row.key() + "." + guard + ".";
        assertThat(figure(json, key + row.unit() + "PerSecond")).as(key).isPositive();
        assertThat(figure(json, key + "maxNanos")).as(key).isPositive();
        if (!row.besideUnit().isEmpty()) {
          double beside = figure(json, key + row.besideUnit() + "PerSecond");
          // A read or two in so short a time may all have been cached.
          assertThat(beside).as(key).isGreaterThanOrEqualTo(0);
          assertThat(beside > 0 || row.besideUnit().equals("fills")).as(key).isTrue();
        }
        if (row.aloneKey() != null) {
          assertThat(figure(json, key + "kept")).as(key).isPositive();
        }
      }
      assertThat(figure(json, row.key() + ".mapping-lock.times")).isEqualTo(1);
    }
    assertThat(figure(json, "truncate.no-lock-at-all.truncatesPerSecond")).isPositive();
    assertThat(figure(json, "lock.exclusiveNanos")).isPositive();
    assertThat(figure(json, "mapping-lock.staleReads")).isZero();
    assertThat(figure(json, "reads-under-io-lock.staleReads")).isZero();
    assertThat(text.toString())
        .contains("truncate pays: ")
        .contains("truncate on zonefs, with and without the mapping lock: needs layout zonefs")
        .contains("mapping-lock: stale reads: 0\n")
        .contains("none: stale reads: ")
        .doesNotContain("lost its volume");
    assertThat(volumes()).doesNotExist();
  }

  private static double figure(String json, String key) {
    Matcher found = Pattern.compile("\"" + Pattern.quote(key) + "\": (.*?),?\n").matcher(json);
    assertThat(found.find()).as(key).isTrue();
    return Double.parseDouble(found.group(1));
  }

  /** Where the volumes were. */
  private Path volumes() {
    Matcher found = Pattern.compile(", in (.*)\n").matcher(text.toString());
    assertThat(found.find()).isTrue();
    return Path.of(found.group(1));
  }

  @Test
  void aStaleReadUnderAGuardIsAViolation() throws IOException {
    assertThat(list((guard, file) -> lying(guard, file, Guard.MAPPING_LOCK)))
        .isEqualTo(PriceList.VIOLATION);
    assertThat(text.toString().lines())
        .filteredOn(line -> line.startsWith("VIOLATION "))
        .hasSize(1)
        .allMatch(line -> line.contains("kind=stale-read") && line.contains(" offset=0 "));
    assertThat(text.toString())
        .doesNotContain("mapping-lock: stale reads: 0\n")
        .contains("reads-under-io-lock: stale reads: 0\n");
    assertThat(volumes()).doesNotExist();
  }

  @Test
  void withoutAGuardStaleReadsAreCounted() throws IOException {
    assertThat(list((guard, file) -> lying(guard, file, Guard.NONE))).isEqualTo(PriceList.HELD);
    assertThat(text.toString()).containsPattern("none: stale reads: [1-9]");
    assertThat(text.toString()).doesNotContain("VIOLATION ");
  }

  private static OpenFile lying(Guard guard, OpenFile file, Guard broken) {
    return guard == broken ? BrokenFile.stale(file) : file;
  }

  @Test
  void readsOfAFileThatIsNotCachedFill() throws IOException {
    Contender.Recipe recipe = new Contender.Recipe(tiny(), directory, (guard, file) -> file);
    Row miss =
        Row.all().stream().filter(row -> row.key().equals("miss1")).findFirst().orElseThrow();
    try (Contender contender = Contender.of(Guard.MAPPING_LOCK, recipe)) {
      double fills = 0;
      for (int run = 0; run < 100 && fills == 0; run++) {
        fills = miss.load().of(contender, 1).besidePerSecond();
      }
      assertThat(fills).isPositive();
    }
  }

  @Test
  void onlyTheContenderWithoutAnyLockTruncatesWithoutIt() throws IOException {
    Contender.Recipe recipe = new Contender.Recipe(tiny(), directory, (guard, file) -> file);
    Row truncate = Row.all().stream().filter(Row::ofTruncate).findFirst().orElseThrow();
    try (Contender none = Contender.of(Guard.NONE, recipe);
        Contender unlocked = Contender.unlocked(recipe)) {
      for (Contender each : List.of(none, unlocked)) {
        long before = each.exclusives();
        assertThat(truncate.load().of(each, 1).nanos().getTotalCount()).isPositive();
        assertThat(each.exclusives() > before).as(each.name()).isEqualTo(each == none);
      }
    }
  }

  @Test
  void spreadsAreOfTheMiddle() {
    assertThat(Spread.of(9, 1, 4)).isEqualTo(new Spread(4, 1, 9));
    assertThat(Spread.of(8, 2)).isEqualTo(new Spread(5, 2, 8));
  }
}
