package io.faultline.soak.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.soak.model.OpLine.Verb;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Grammar, answers, generator and shrinker. */
class OpLineTest {

  @Test
  void parseAndPrintAreInverse() {
    for (OpLine op : new OpGenerator(5).next(5_000)) {
      assertThat(OpLine.parse(op.print())).isEqualTo(op);
    }
    assertThat(OpLine.parse("zero  /a%20b%25 1 2 keep"))
        .isEqualTo(new OpLine.Zero("/a b%", 1, 2, true));
    assertThat(new OpLine.Create("/a b%\n").print()).isEqualTo("create /a%20b%25%0A");
    assertThat(OpLine.parse("create /%C3%A4")).isEqualTo(new OpLine.Create("/ä"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fly /a",
        "create",
        "create a",
        "create /a /b",
        "write /a 0 1 256",
        "write /a 0 1 -1",
        "read /a 0x1 2",
        "truncate /a 9223372036854775808",
        "zero /a 0 1 kept",
        "create /%2",
        "create /%zz",
        "create /%00",
        "create /%FF",
        "sync /a"
      })
  void whatIsNoOperationIsRefused(String line) {
    assertThatThrownBy(() -> OpLine.parse(line)).isInstanceOf(IllegalArgumentException.class);
    assertThat(new ModelRunner(new ModelFilesystem()).answer(line)).startsWith("ERR EINVAL ");
  }

  @Test
  void answersHaveTheGivenShape() {
    ModelRunner run = new ModelRunner(new ModelFilesystem());
    assertThat(run.answer("write /f 4096 3 65")).isEqualTo("OK 3");
    assertThat(run.answer("read /f 4096 10"))
        .isEqualTo("OK 3 cb1ad2119d8fafb69566510ee712661f9f14b83385006ef92aec47f523a38358");
    assertThat(run.answer("read /f 5000 10"))
        .isEqualTo("OK 0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assertThat(run.answer("allocate /f 8192 1 keep")).isEqualTo("OK");
    assertThat(run.answer("stat /f")).isEqualTo("OK size=4099 blocks=2 mode=100644 nlink=1 ino=12");
    assertThat(run.answer("extents /f")).isEqualTo("OK 4096:4096:data,8192:4096:unwritten");
    assertThat(run.answer("truncate /f 4099")).isEqualTo("OK");
    assertThat(run.answer("extents /f")).isEqualTo("OK 4096:4096:data");
    assertThat(run.answer("truncate /f 0")).isEqualTo("OK");
    assertThat(run.answer("extents /f")).isEqualTo("OK");
    assertThat(run.answer("punch /g 0 1")).isEqualTo("ERR ENOENT no such file or directory");
  }

  @Test
  void comparisonIgnoresOnlyWhatImplementationsMayChoose() {
    OpLine extents = new OpLine.Extents("/f");
    assertThat(AnswerComparison.same(extents, "OK 0:8192:data", "OK 0:4096:data,4096:4096:data"))
        .isTrue();
    assertThat(AnswerComparison.same(extents, "OK 0:8192:data", "OK 0:4096:data")).isFalse();
    assertThat(
            AnswerComparison.same(extents, "OK 0:8192:data", "OK 0:4096:data,4096:4096:unwritten"))
        .isFalse();
    OpLine stat = new OpLine.StatPath("/f");
    assertThat(
            AnswerComparison.same(
                stat,
                "OK size=1 blocks=1 mode=100644 nlink=1 ino=12",
                "OK size=1 blocks=1 mode=100644 nlink=1 ino=99"))
        .isTrue();
    assertThat(
            AnswerComparison.same(
                stat,
                "OK size=1 blocks=1 mode=100644 nlink=1 ino=12",
                "OK size=1 blocks=2 mode=100644 nlink=1 ino=12"))
        .isFalse();
    assertThat(
            AnswerComparison.same(
                stat,
                "OK size=0 blocks=0 mode=40755 nlink=2 ino=2",
                "OK size=4096 blocks=1 mode=40755 nlink=2 ino=3"))
        .isTrue();
    assertThat(AnswerComparison.same(stat, "ERR ENOENT a", "ERR ENOENT b c")).isTrue();
    assertThat(AnswerComparison.same(stat, "ERR ENOENT", "ERR ENOTDIR")).isFalse();
  }

  @Test
  void generatorIsDeterministicAndCoversEveryVerbWithBothAnswers() {
    OpGenerator generator = new OpGenerator(7);
    List<OpLine> ops = generator.next(20_000);
    assertThat(new OpGenerator(7).next(20_000)).isEqualTo(ops);
    assertThat(new OpGenerator(8).next(100)).isNotEqualTo(ops.subList(0, 100));
    assertThat(generator.histogram()).containsOnlyKeys(Verb.values());
    assertThat(generator.histogram().values().stream().mapToLong(Long::longValue).sum())
        .isEqualTo(20_000);
    ModelRunner run = new ModelRunner(new ModelFilesystem());
    EnumSet<Verb> succeeded = EnumSet.noneOf(Verb.class);
    EnumSet<Verb> refused = EnumSet.noneOf(Verb.class);
    for (OpLine op : ops) {
      (run.answer(op).startsWith("OK") ? succeeded : refused).add(op.verb());
    }
    assertThat(succeeded).isEqualTo(EnumSet.complementOf(EnumSet.of(Verb.CLONE, Verb.DEDUPE)));
    assertThat(refused).isEqualTo(EnumSet.complementOf(EnumSet.of(Verb.SYNC, Verb.DROP_CACHES)));
    assertThat(new OpGenerator(1, EnumSet.of(Verb.READ)).next(50))
        .allMatch(op -> op instanceof OpLine.Read);
  }

  @Test
  void shrinkerFindsTheTwoOperationsThatMatter() {
    List<OpLine> ops = new ArrayList<>(new OpGenerator(3).next(300));
    OpLine first = new OpLine.Write("/needle", 0, 1, 1);
    OpLine second = new OpLine.Truncate("/needle", 5);
    ops.add(77, first);
    ops.add(240, second);
    List<OpLine> shrunk =
        OpShrinker.shrink(
            ops,
            list -> {
              ModelFilesystem fs = new ModelFilesystem();
              ModelRunner run = new ModelRunner(fs);
              list.forEach(run::answer);
              return run.answer("stat /needle").contains("size=5 ");
            });
    assertThat(shrunk).containsExactly(first, second);
    assertThatThrownBy(() -> OpShrinker.shrink(ops, List::isEmpty))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
