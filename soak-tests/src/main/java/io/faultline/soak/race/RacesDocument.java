package io.faultline.soak.race;

import io.faultline.engine.lock.Guard;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * docs/RACES.md and its pictures, made from runs of the engine. Nothing in them is written by hand:
 * a test compares them with the files.
 */
public final class RacesDocument {
  private RacesDocument() {}

  /** The files below docs/, by relative path. The engine must simulate. */
  public static Map<String, String> files() {
    Map<String, String> files = new LinkedHashMap<>();
    StringBuilder text =
        new StringBuilder(
            """
            # The races, on demand

            Made by `RacesDocumentTest` from runs of the engine;
            `-Dfaultline.races.write=true` writes it anew. Each section: the story, the smallest
            schedule that shows it with what cures it left out, the step of that schedule which
            cannot be taken with the cure in place, the rule. Rows marked `+` and `-` are a lock
            taken and given back, `*` is a change of a page, of the mapping or of the size. A
            schedule is replayed by `./faultline race run NAME --guard none --schedule S`.
            All are run by `RaceScenariosTest`, in every schedule of at most two preemptions.

            """);
    for (Scenario scenario : Scenarios.all()) {
      section(scenario, text, files);
    }
    cost(text, files);
    text.append("## Not yet\n\n");
    for (Scenarios.Absent absent : Scenarios.absent()) {
      text.append("- (")
          .append(absent.race())
          .append(") ")
          .append(absent.name())
          .append(": needs ")
          .append(absent.needs())
          .append('\n');
    }
    files.put("RACES.md", text.toString());
    return files;
  }

  private static void section(Scenario scenario, StringBuilder text, Map<String, String> files) {
    text.append("## (%s) %s\n\n".formatted(scenario.race(), scenario.name()));
    text.append(sentence(scenario.story())).append("\n\n");
    Laboratory.Answer shown = Laboratory.run(scenario, Guard.NONE, null);
    text.append("Left out: ").append(scenario.omission().text()).append(". ");
    if (scenario.survives()) {
      text.append("No schedule violates anything.\n\n");
    } else {
      text.append("Broken then: ").append(scenario.invariants()).append(".\n\n");
    }
    text.append("```\n").append(Timeline.text(shown.run()));
    shown.run().violation().ifPresent(v -> text.append(v.line()).append('\n'));
    text.append("schedule: ").append(shown.run().schedule()).append("\n```\n\n");
    String picture = "races/" + scenario.name() + ".svg";
    files.put(picture, Laboratory.picture(scenario, shown));
    text.append("![%s](%s)\n\n".formatted(scenario.name(), picture));
    if (!scenario.survives()) {
      Laboratory.Answer cured =
          Laboratory.run(scenario, Guard.MAPPING_LOCK, shown.run().schedule());
      String why =
          cured.text().lines().filter(l -> l.startsWith("impossible")).findFirst().orElse("");
      if (!why.isEmpty()) {
        // Rows are those of the run that followed, which stands nowhere here.
        String rowless = why.replaceAll(" since row \\d+", "");
        text.append("With that in place, ").append(rowless).append(".\n\n");
      }
    }
    text.append("Cure: ").append(sentence(scenario.cure())).append("\n\n");
  }

  /** Race (k4) has a schedule and a picture, but nothing is violated in it. */
  private static void cost(StringBuilder text, Map<String, String> files) {
    Scenario scenario = FairnessCost.scenario();
    RaceRun run = FairnessCost.shown(scenario).orElseThrow();
    text.append("## (%s) %s\n\n".formatted(scenario.race(), scenario.name()));
    text.append(sentence(scenario.story())).append("\n\n");
    text.append("No violation but a cost, under the mapping lock as it is.\n\n");
    text.append("```\n").append(Timeline.text(run)).append("```\n\n");
    String picture = "races/" + scenario.name() + ".svg";
    String title = "(" + scenario.race() + ") " + scenario.name();
    files.put(picture, TimelinePicture.of(run, title, "a later fill queues behind a punch"));
    text.append("![%s](%s)\n\n".formatted(scenario.name(), picture));
    text.append("Cure: ").append(sentence(scenario.cure())).append("\n\n");
  }

  private static String sentence(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1) + ".";
  }
}
