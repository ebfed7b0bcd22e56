package io.faultline.soak.race.search;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Draws programs; the same seed and number of clients give the same program. */
final class ProgramGenerator {
  private static final long PAGE = 4096;
  private static final int FILES_MAX = 3;
  private static final int PAGES_MIN = 2;
  private static final int PAGES_MAX = 6;

  /** The first are so few that space runs out. */
  private static final long[] BLOCKS = {16, 20, 32, 64, 96};

  /** One program in so many has a power cut. */
  private static final int CUT_EVERY = 5;

  /** What clients do, with weights: about two in five destroy or move blocks. */
  private static final Act[] MIX = mix();

  private final SplittableRandom random;
  private final List<Op> ops = new ArrayList<>();
  private final int files;
  private final long hotPage;

  private ProgramGenerator(long seed) {
    this.random = new SplittableRandom(seed);
    this.files = random.nextInt(1, FILES_MAX + 1);
    this.hotPage = random.nextLong(PAGES_MIN);
  }

  private static Act[] mix() {
    List<Act> acts = new ArrayList<>();
    add(acts, 6, Act.READ, Act.PUNCH, Act.STORE);
    add(acts, 5, Act.WRITE, Act.TRUNCATE);
    add(acts, 3, Act.LOAD, Act.APPEND, Act.COLLAPSE, Act.INSERT, Act.ADVISE, Act.FSYNC, Act.DROP);
    add(acts, 2, Act.ZERO, Act.ZERO_KEEP, Act.ALLOCATE, Act.DROP_CACHES, Act.EVICT);
    add(acts, 1, Act.ALLOCATE_KEEP, Act.SEEK_DATA, Act.SEEK_HOLE, Act.SYNC);
    return acts.toArray(Act[]::new);
  }

  private static void add(List<Act> acts, int weight, Act... which) {
    for (Act act : which) {
      for (int i = 0; i < weight; i++) {
        acts.add(act);
      }
    }
  }

  static Program draw(long seed, int clients) {
    return new ProgramGenerator(seed).program(clients);
  }

  private Program program(int clients) {
    Program.Device device = random.nextInt(3) == 0 ? Program.Device.QUEUED : Program.Device.INLINE;
    long blocks = BLOCKS[random.nextInt(BLOCKS.length)];
    for (int file = 0; file < files; file++) {
      setUp(file);
    }
    int most = clients <= 3 ? 5 : clients <= 5 ? 4 : 3;
    for (int client = 0; client < clients; client++) {
      int count = random.nextInt(2, most + 1);
      while (count > 0) {
        count -= draw(client);
      }
    }
    if (random.nextInt(CUT_EVERY) == 0) {
      cut();
    }
    return new Program(device, blocks, ops);
  }

  /** Where the power goes: anywhere, or, where promises are new, right behind a sync. */
  private void cut() {
    List<Integer> places = new ArrayList<>();
    boolean anywhere = random.nextBoolean();
    for (int i = 0; i < ops.size(); i++) {
      Op op = ops.get(i);
      if (op.client() != Op.SETUP && (anywhere || op.act().syncs())) {
        places.add(i);
      }
    }
    if (!places.isEmpty()) {
      int at = places.get(random.nextInt(places.size()));
      long crash = random.nextBoolean() ? 0 : random.nextLong(1, 1_000_000);
      ops.add(at + 1, new Op(ops.get(at).client(), Act.CUT, 0, 0, crash));
    }
  }

  private void setUp(int file) {
    long pages = random.nextLong(PAGES_MIN, PAGES_MAX + 1);
    put(Op.SETUP, Act.WRITE, file, 0, pages * PAGE - (random.nextInt(4) == 0 ? 1024 : 0));
    if (random.nextInt(4) == 0) {
      put(Op.SETUP, Act.PUNCH, file, random.nextLong(pages) * PAGE, PAGE);
    }
    if (random.nextInt(6) == 0) {
      put(Op.SETUP, Act.ALLOCATE_KEEP, file, 0, (pages + 1) * PAGE);
    }
    if (random.nextInt(5) != 0) {
      put(Op.SETUP, Act.FSYNC, file, 0, 0);
      if (random.nextInt(3) != 0) {
        put(Op.SETUP, Act.DROP_CACHES, 0, 0, 0);
      }
      if (random.nextInt(5) == 0) {
        put(Op.SETUP, Act.WRITE, file, hotPage * PAGE, PAGE);
      }
    }
  }

  /** Adds one operation, or a few that belong together; returns how many. */
  private int draw(int client) {
    int before = ops.size();
    Act act = MIX[random.nextInt(MIX.length)];
    int file = random.nextInt(3) == 0 ? random.nextInt(files) : 0;
    switch (act) {
      case TRUNCATE -> put(client, act, file, place(), 0);
      case APPEND -> put(client, act, file, 0, length());
      case COLLAPSE, INSERT -> put(client, act, file, page() * PAGE, PAGE * random.nextLong(1, 3));
      default -> put(client, act, file, place(), length());
    }
    if (act.destroys() && random.nextInt(4) == 0) {
      // Its blocks go to somebody else at once.
      int other = random.nextInt(files);
      put(client, Act.FSYNC, file, 0, 0);
      put(client, Act.APPEND, other, 0, PAGE);
      put(client, random.nextBoolean() ? Act.FSYNC : Act.DROP, other, 0, 8 * PAGE);
    }
    return ops.size() - before;
  }

  private void put(int client, Act act, int file, long offset, long length) {
    ops.add(
        new Op(
            client,
            act,
            act.takesFile() ? file : 0,
            act.takesOffset() ? offset : 0,
            act.takesLength() ? length : 0));
  }

  private long page() {
    return random.nextInt(2) == 0 ? hotPage : random.nextLong(PAGES_MAX);
  }

  private long place() {
    return page() * PAGE + (random.nextInt(3) == 0 ? random.nextLong(1, 8) * 512 : 0);
  }

  private long length() {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextLong(1, 8) * 512;
      case 1 -> random.nextLong(2, 4) * PAGE;
      default -> PAGE;
    };
  }
}
