package io.faultline.soak.race;

import static io.faultline.soak.race.RaceVolume.PAGE;

import io.faultline.engine.pagecache.PageWriter;
import io.faultline.engine.runtime.Mutant;
import java.io.IOException;
import java.util.List;

/** The page cache alone: fills, stores and evictions against a punch, no volume around them. */
final class CacheRaces {
  private static final String ZEROS = PAGE + "*0";
  private static final String CURE =
      "a fill holds the mapping lock shared from before its page is in the table until the read is"
          + " submitted, a punch exclusive from before the eviction until the block is gone";

  private CacheRaces() {}

  private interface Fill {
    void fill(CacheStage stage) throws IOException;
  }

  static List<Scenario> all() {
    return List.of(
        punch(
            "cache-read-vs-punch",
            "C1",
            "a page is filled from a block that is punched out meanwhile",
            Omission.ofTheGuard(),
            stage -> stage.read(0)),
        punch(
            "cache-advise-vs-punch",
            "C2",
            "the same with a fill that nobody waits for",
            Omission.ofTheGuard(),
            stage -> stage.cache().prefetch(stage.mapping(), 0, 1)),
        punch(
            "cache-busy-vs-punch",
            "C3",
            "a punch passes a page that is locked by a fill: the fill puts it in behind the punch",
            Omission.of(Mutant.R6_DISCARD_SKIPS_BUSY),
            stage -> stage.read(0)),
        punch(
            "cache-insert-vs-punch",
            "C4",
            "a fill gives the mapping lock back before its page is in the table, where a punch"
                + " would wait for it",
            Omission.of(Mutant.M5_LOCK_DROPPED_BEFORE_INSERT, Mutant.R7_LOOKUP_BEFORE_INSERT),
            stage -> stage.read(0)),
        store(),
        writeAgainstEviction(),
        writeAgainstUnlink());
  }

  private static Scenario punch(
      String name, String race, String story, Omission omission, Fill fill) {
    return new Scenario(
        name,
        race,
        story,
        CURE,
        new CacheStage.Of(
            (stage, cast) -> {
              cast.client("punch", () -> stage.punch(0));
              cast.client(
                  "fill",
                  () -> {
                    fill.fill(stage);
                    stage.read(1);
                  });
              cast.check(() -> stage.expect("stale-read", 0, ZEROS));
            }),
        omission,
        "stale-read",
        "I1, I2, I15",
        false);
  }

  private static Scenario store() {
    return new Scenario(
        "cache-store-vs-punch",
        "C5",
        "a store faults its page in from a block that is punched out meanwhile, and makes the old"
            + " bytes dirty",
        CURE,
        new CacheStage.Of(
            (stage, cast) -> {
              cast.client("punch", () -> stage.punch(0));
              cast.client("store", () -> stage.put(0, 'X', PageWriter.Mode.STORE));
              cast.check(
                  () -> {
                    stage.expect("stale-data", 0, ZEROS, "2*X 4094*0");
                    stage.expectReserved();
                  });
            }),
        Omission.ofTheGuard(),
        "stale-data",
        "I1, I2, I4",
        false);
  }

  private static Scenario writeAgainstEviction() {
    return new Scenario(
        "cache-write-vs-evict",
        "C6",
        "a page is evicted although what was written to it is nowhere else",
        "an evictor takes only pages whose word says clean, by one compare-and-set of that word",
        new CacheStage.Of(
            (stage, cast) -> {
              stage.read(0);
              cast.client("write", () -> stage.put(0, 'X', PageWriter.Mode.OVERWRITE));
              cast.client("evict", stage::evict);
              cast.check(() -> stage.expect("lost-write", 0, "2*X 4094*S"));
            }),
        Omission.of(Mutant.M26_EVICTS_DIRTY),
        "lost-write",
        "",
        false);
  }

  private static Scenario writeAgainstUnlink() {
    return new Scenario(
        "cache-write-vs-unlink",
        "C7",
        "the last page of a leaf is evicted and the leaf unlinked while a write is about to put"
            + " another page into it",
        "a leaf leaves its table only after every word of it was made dead (rule R17)",
        new CacheStage.Of(
            (stage, cast) -> {
              stage.read(0);
              cast.client("write", () -> stage.put(1, 'X', PageWriter.Mode.OVERWRITE));
              cast.client("evict", stage::evict);
              cast.check(() -> stage.expect("lost-write", 1, "2*X 4094*T"));
            }),
        Omission.of(Mutant.R17_LEAF_NOT_KILLED),
        "lost-write",
        "",
        false);
  }
}
