package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.DirectoryEntry;
import io.faultline.FileExtent;
import io.faultline.FileStatus;
import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import io.faultline.engine.extent.Extent;
import io.faultline.engine.inode.Event;
import io.faultline.engine.inode.Inode;
import io.faultline.engine.runtime.Mutant;
import io.faultline.persistence.history.Blame;
import io.faultline.persistence.history.VolumeHistory;
import io.faultline.persistence.history.VolumeState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: the past that the debugger shows is the one that was lived. Method: random operations on a
 * real volume, what its public face told after each of them beside what the journal tells of that
 * moment; a list of blocks that knows only the words of fallocate(2), beside blame; volumes whose
 * journal a mutant or a planted transaction made wrong, beside bisect.
 */
class JournalWalkTest {
  private static final int BLOCK = 4096;
  private static final long SEED = 20_260;

  @TempDir Path host;

  @AfterEach
  void noMutant() {
    Mutant.activate();
  }

  private Volume create() throws IOException {
    return Volume.create(host.resolve("v"), VolumeOptions.defaults().size("64m").cacheSize("8m"));
  }

  private static OpenFile open(Volume volume, String path) throws IOException {
    return volume.open(
        path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static void write(OpenFile file, long offset, int length) throws IOException {
    file.write(ByteBuffer.allocate(length), offset);
  }

  /** What is where: by path, everything that a look from outside tells. */
  private static Map<String, String> live(Volume volume) throws IOException {
    Map<String, String> seen = new TreeMap<>();
    List<String> todo = new ArrayList<>(List.of(""));
    while (!todo.isEmpty()) {
      String path = todo.removeLast();
      FileStatus status = volume.lstat(path.isEmpty() ? "/" : path);
      String extents = "";
      if (status.isRegularFile()) {
        try (OpenFile file = volume.open(path)) {
          extents = file.extents().stream().map(JournalWalkTest::text).toList().toString();
        }
      }
      seen.put(path, status + (status.isSymlink() ? volume.readlink(path) : "") + extents);
      if (status.isDirectory()) {
        for (DirectoryEntry entry : volume.list(path.isEmpty() ? "/" : path)) {
          todo.add(path + "/" + entry.name());
        }
      }
    }
    return seen;
  }

  private static String text(FileExtent extent) {
    return extent.offset() + "+" + extent.length() + ":" + extent.state();
  }

  /** The same of a state of the past. */
  private static Map<String, String> past(VolumeState state) {
    Map<String, String> seen = new TreeMap<>();
    for (Inode inode : state.all()) {
      for (String path : state.names().paths(inode.ino())) {
        String more =
            switch (inode) {
              case Inode.RegularFile f -> extents(f);
              case Inode.Symlink s -> s.target();
              case Inode.Directory d -> "";
            };
        seen.put(path.equals("/") ? "" : path, PastText.status(inode) + more);
      }
    }
    return seen;
  }

  private static String extents(Inode.RegularFile file) {
    List<FileExtent> out = new ArrayList<>();
    for (Extent e : file.extents()) {
      FileExtent.State state = e.isWritten() ? FileExtent.State.DATA : FileExtent.State.UNWRITTEN;
      out.add(new FileExtent(e.fileBlock() * BLOCK, e.length() * BLOCK, state));
    }
    return out.stream().map(JournalWalkTest::text).toList().toString();
  }

  @Test
  void atShowsWhatWasSeenThen() throws IOException {
    Map<Long, Map<String, String>> seen = new TreeMap<>();
    Random random = new Random(SEED);
    try (Volume volume = create()) {
      for (int i = 0; i < 200; i++) {
        step(volume, random);
        volume.sync();
        seen.put(volume.status().durableLsn(), live(volume));
      }
    }
    List<Long> moments = new ArrayList<>(seen.keySet());
    assertThat(moments).as("seed %d", SEED).hasSizeGreaterThan(60);
    Collections.shuffle(moments, random);
    try (VolumeHistory history = VolumeHistory.open(host.resolve("v"))) {
      for (long lsn : moments) {
        VolumeState state = history.replay().at(lsn);
        assertThat(past(state)).as("seed %d, lsn %d", SEED, lsn).isEqualTo(seen.get(lsn));
        assertThat(history.fsck(state).findings()).isEmpty();
      }
    }
  }

  /** One operation that may be refused; then it changes nothing. */
  private static void step(Volume volume, Random random) throws IOException {
    String file = "/d" + random.nextInt(2) + "/f" + random.nextInt(4);
    String other = "/d" + random.nextInt(2) + "/f" + random.nextInt(4);
    int at = random.nextInt(12) * BLOCK;
    int length = (1 + random.nextInt(4)) * BLOCK;
    try {
      switch (random.nextInt(12)) {
        case 0 -> volume.mkdir("/d" + random.nextInt(2), 0755);
        case 1 -> volume.unlink(file);
        case 2 -> volume.rename(file, other);
        case 3 -> volume.link(file, other);
        case 4 -> volume.symlink("../x", file);
        case 5 -> volume.rename("/d0", "/d1/sub");
        case 6 -> volume.setMode(file, random.nextInt(512));
        default -> change(volume, random, file, at, length);
      }
    } catch (io.faultline.ErrnoException refused) {
      assertThat(refused.errno()).isNotEqualTo(io.faultline.Errno.EIO);
    }
  }

  private static void change(Volume volume, Random random, String path, int at, int length)
      throws IOException {
    try (OpenFile file = open(volume, path)) {
      switch (random.nextInt(8)) {
        case 0 -> file.punchHole(at + random.nextInt(2) * 100, length);
        case 1 -> file.zeroRange(at, length, random.nextBoolean());
        case 2 -> file.allocate(at, length, random.nextBoolean());
        case 3 -> file.collapseRange(at, length);
        case 4 -> file.insertRange(at, length);
        case 5 -> file.truncate(random.nextInt(12 * BLOCK));
        default -> write(file, at + random.nextInt(3000), length);
      }
    }
  }

  /** A block of a file as a list keeps it: the transactions that had to do with it. */
  private static final class Token {
    private final List<Long> lsns = new ArrayList<>();
    private boolean mapped;
    private boolean written;
  }

  @Test
  void blameNamesTheTransactionsThatAListOfBlocksRemembers() throws IOException {
    int blocks = 64;
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < blocks * 4; i++) {
      tokens.add(new Token());
    }
    Random random = new Random(SEED);
    String path = "/a0";
    long last = 0;
    try (Volume volume = create();
        OpenFile file = open(volume, path)) {
      for (int i = 1; i <= 150; i++) {
        int at = random.nextInt(20);
        int length = 1 + random.nextInt(5);
        long end = file.size() / BLOCK;
        List<Token> touched = new ArrayList<>();
        switch (random.nextInt(8)) {
          case 0 -> {
            file.punchHole((long) at * BLOCK, (long) length * BLOCK);
            for (Token token : tokens.subList(at, at + length)) {
              unmap(token, touched);
            }
          }
          case 1 -> {
            if (at + length >= end) {
              continue;
            }
            file.collapseRange((long) at * BLOCK, (long) length * BLOCK);
            tokens.subList(at, at + length).clear();
            touched.addAll(tokens.subList(at, tokens.size()));
          }
          case 2 -> {
            if (at >= end || end > blocks) {
              continue;
            }
            file.insertRange((long) at * BLOCK, (long) length * BLOCK);
            for (int n = 0; n < length; n++) {
              tokens.add(at, new Token());
            }
            touched.addAll(tokens.subList(at, tokens.size()));
          }
          case 3 -> {
            file.truncate((long) at * BLOCK);
            for (Token token : tokens.subList(at, tokens.size())) {
              unmap(token, touched);
            }
          }
          case 4 -> {
            file.allocate((long) at * BLOCK, (long) length * BLOCK, false);
            for (Token token : tokens.subList(at, at + length)) {
              if (!token.mapped) {
                token.mapped = true;
                touched.add(token);
              }
            }
          }
          case 5 -> {
            volume.rename(path, "/a" + i);
            path = "/a" + i;
          }
          default -> {
            write(file, (long) at * BLOCK, length * BLOCK);
            for (Token token : tokens.subList(at, at + length)) {
              if (!token.written) {
                token.mapped = true;
                token.written = true;
                touched.add(token);
              }
            }
          }
        }
        volume.sync();
        last = volume.status().durableLsn();
        for (Token token : touched) {
          token.lsns.add(last);
        }
      }
    }
    try (VolumeHistory history = VolumeHistory.open(host.resolve("v"))) {
      for (int block = 0; block < 30; block++) {
        Blame.Answer answer = Blame.of(history, path, (long) block * BLOCK + 7, last);
        List<Long> told =
            answer.steps().stream()
                .filter(JournalWalkTest::ofTheBlock)
                .map(Blame.Step::lsn)
                .toList();
        assertThat(told.reversed())
            .as("seed %d, block %d: %s", SEED, block, answer.steps())
            .isEqualTo(tokens.get(block).lsns);
        assertThat(answer.steps().stream().filter(step -> step.what().startsWith("it was named")))
            .hasSize(1 + renames(history));
      }
    }
  }

  private static void unmap(Token token, List<Token> touched) {
    if (token.mapped) {
      touched.add(token);
    }
    token.mapped = false;
    token.written = false;
  }

  /** Steps that a list of blocks knows: names, sizes and punches of holes left out. */
  private static boolean ofTheBlock(Blame.Step step) {
    return switch (step.event()) {
      case Event.RangePunched e -> step.what().contains("device block");
      case Event.ExtentsMapped e -> step.what().contains("block");
      case Event.ExtentsAllocated e -> step.what().contains("block");
      case Event.Truncated e -> step.what().contains("block");
      case Event.RangeCollapsed e -> true;
      case Event.RangeInserted e -> true;
      default -> false;
    };
  }

  private static int renames(VolumeHistory history) throws IOException {
    int renames = 0;
    try (var cursor = history.events().from(1)) {
      for (var entry = cursor.next(); entry != null; entry = cursor.next()) {
        for (Event event : entry.event().events()) {
          renames += event instanceof Event.EntryRemoved ? 1 : 0;
        }
      }
    }
    return renames;
  }

  @Test
  void bisectFindsWhereAMutantLostTheSize() throws IOException {
    long good;
    try (Volume volume = create();
        OpenFile file = open(volume, "/a")) {
      write(file, 0, 2 * BLOCK);
      volume.sync();
      good = volume.status().durableLsn();
      Mutant.activate(Mutant.R3_PUNCH_KEEPS_DURABLE_SIZE);
      // The pages that would have carried the new end are punched before they were written back.
      write(file, 2 * BLOCK, 2 * BLOCK);
      file.punchHole(BLOCK, 3 * BLOCK);
      volume.sync();
      Mutant.activate();
      volume.mkdir("/later", 0755);
      volume.sync();
    }
    VerbRun.Outcome outcome =
        new JournalOnDisk(host.resolve("v"))
            .run("bisect", "!exists(/a) || mapped(/a, 4096) || size(/a) == 16384", "--from", "1");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.VIOLATION);
    assertThat(outcome.out().lines().toList())
        .anySatisfy(line -> assertThat(line).endsWith(" lsn=" + (good + 1)))
        .anySatisfy(line -> assertThat(line).startsWith((good + 1) + " 0 RangePunched "));
  }

  @Test
  void bisectFindsTheTransactionThatGaveABlockASecondOwner() throws IOException {
    long good;
    long ino;
    long device;
    try (Volume volume = create()) {
      for (String path : List.of("/a", "/b")) {
        try (OpenFile file = open(volume, path)) {
          write(file, 0, BLOCK);
        }
        volume.sync();
      }
      good = volume.status().durableLsn();
      ino = volume.stat("/b").ino();
    }
    JournalOnDisk journal = new JournalOnDisk(host.resolve("v"));
    try (VolumeHistory history = VolumeHistory.open(journal.directory)) {
      good = history.replay().toEnd().lsn();
      Inode.RegularFile a = (Inode.RegularFile) history.replay().state().find("/a");
      device = a.extents().lookup(0).physical();
    }
    List<List<Event>> planted = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      planted.add(List.of(new Event.LinksChanged(ino, 1, i)));
    }
    planted.set(
        41,
        List.of(
            new Event.ExtentsMapped(ino, List.of(Extent.written(5, device, 1)), 6 * BLOCK, 1, 1)));
    journal.append(good + 1, planted);
    long bad = good + 42;
    for (String how : List.of("--binary", "--linear")) {
      VerbRun.Outcome outcome = journal.run("bisect", how);
      assertThat(outcome.exitCode()).isEqualTo(ExitCode.VIOLATION);
      assertThat(outcome.out())
          .startsWith("VIOLATION kind=block-twice ino=" + ino + " offset=20480 ")
          .contains("lsn=" + bad + "\nit held at lsn=" + (bad - 1) + " (" + how.substring(2))
          .contains("\n" + bad + " 0 ExtentsMapped ino=" + ino);
    }
    assertThat(journal.run("at", Long.toString(bad), "fsck").exitCode())
        .isEqualTo(ExitCode.VIOLATION);
    assertThat(journal.run("at", Long.toString(bad - 1), "fsck").exitCode())
        .isEqualTo(ExitCode.HELD);
  }

  @Test
  void theJournalOfALivingVolumeIsShownAsFarAsItIsWritten() throws IOException {
    try (Volume volume = create()) {
      volume.create("/a", 0644);
      volume.sync();
      JournalOnDisk journal = new JournalOnDisk(host.resolve("v"));
      try (VolumeHistory history = VolumeHistory.open(journal.directory)) {
        assertThat(history.holder()).contains(ProcessHandle.current().pid());
        history.replay().toEnd();
        assertThat(new TreeSet<>(past(history.replay().state()).keySet()))
            .containsExactly("", "/a");
        volume.create("/b", 0644);
        volume.sync();
        assertThat(history.replay().forward()).isTrue();
        assertThat(past(history.replay().state())).containsKey("/b");
      }
      assertThat(journal.lines("at", "end", "ls")).containsExactly("a", "b");
      // The volume is still this process's: the debugger did not drop its lock.
      volume.create("/c", 0644);
    }
  }
}
