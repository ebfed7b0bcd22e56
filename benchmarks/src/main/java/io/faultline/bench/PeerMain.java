package io.faultline.bench;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One target in a JVM of its own, so that its calls are compiled for it alone, as they would be in
 * a program that uses nothing else. It lives as long as its rows and does what it is told line by
 * line, so that the windows of several targets can alternate:
 *
 * <pre>
 * prepare KEY     makes the files of a row      @ok
 * measure MILLIS  one window                    @ok figure=value …
 * finish          verifies and removes them     @ok
 *                 instead of @ok also: @wrong WHAT, @absent CLASS, @failed WHY
 * </pre>
 */
final class PeerMain {
  private final String name;
  private final Path directory;
  private final Row.Setup setup;
  private final Rows.Sizes sizes;
  private @Nullable Target target;
  private Windows.@Nullable Session session;

  private PeerMain(String name, Path directory, Row.Setup setup, Rows.Sizes sizes) {
    this.name = name;
    this.directory = directory;
    this.setup = setup;
    this.sizes = sizes;
  }

  /** Arguments: target, directory, set-up, sizes. */
  public static void main(String[] args) throws IOException {
    PeerMain peer =
        new PeerMain(args[0], Path.of(args[1]), Row.Setup.valueOf(args[2]), sizes(args[3]));
    // Answers to the JVM that asks, not output for people.
    try (PrintStream answers =
            new PrintStream(
                new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        BufferedReader orders =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String order = orders.readLine(); order != null; order = orders.readLine()) {
        answers.println(peer.obey(order));
      }
    }
    // The volume need not be closed: it is thrown away.
    Runtime.getRuntime().halt(0);
  }

  /** By the name that {@link BenchOptions#sizes} has. */
  static Rows.Sizes sizes(String name) {
    return switch (name) {
      case "normal" -> Rows.Sizes.NORMAL;
      case "quick" -> Rows.Sizes.QUICK;
      case "tiny" -> Rows.Sizes.TINY;
      default -> throw new IllegalArgumentException(name);
    };
  }

  private String obey(String order) {
    String[] words = order.split(" ", -1);
    try {
      return switch (words[0]) {
        case "prepare" -> {
          prepare(words[1]);
          yield "@ok";
        }
        case "measure" ->
            Objects.requireNonNull(session).measure(Integer.parseInt(words[1])).entrySet().stream()
                .map(PeerMain::text)
                .collect(Collectors.joining(" ", "@ok ", ""));
        case "finish" -> {
          Objects.requireNonNull(session).close();
          session = null;
          yield "@ok";
        }
        default -> "@failed unknown order " + order;
      };
    } catch (WrongDataException wrong) {
      return "@wrong " + wrong.getMessage();
    } catch (AbsentException absent) {
      return "@absent " + absent.getMessage();
    } catch (Throwable t) {
      return "@failed " + t.toString().replace('\n', ' ');
    }
  }

  private static String text(Map.Entry<String, Double> figure) {
    return figure.getKey() + "=" + figure.getValue();
  }

  private void prepare(String key) throws IOException {
    if (target == null) {
      target = Targets.make(name, directory, setup.cacheBytes);
    }
    Row row =
        Rows.of(sizes).stream().filter(each -> each.key().equals(key)).findFirst().orElseThrow();
    session = ((Windows) row.work()).prepare(target);
  }
}
