package io.faultline.persistence.replay;

import io.faultline.persistence.replay.Checkpoints.Point;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A walk through history: the state behind any event, one event forth and back, and the first event
 * behind which something no longer holds. Generic over state and event, which meet only in {@code
 * apply}; this class knows neither.
 *
 * <p>The position is an LSN: position n is the state with the events 1 to n in it, position 0 the
 * initial state. A walk that fails ends at the last position it could reach, and the walk can go on
 * from there.
 *
 * <p>States must be immutable. They are kept, so they should share what they have in common: all of
 * the last {@value #WINDOW} positions visited, which makes steps back cheap, and {@value
 * #POINTS_MAX} more at growing distances, from which any position visited before is reached again.
 * Where those are far away, the starting point comes from {@link Checkpoints}. There is no way to
 * append an event: history cannot be changed through this. Not thread-safe.
 *
 * @param <S> the state
 * @param <E> the event
 */
public final class Replay<S, E> implements Closeable {
  static final int WINDOW = 1024;
  static final int POINTS_MAX = 64;
  private static final long FIRST_SPACING = 64;

  /**
   * Events that are sooner replayed than a checkpoint is read. Few, since an event may be a
   * transaction of ten thousand changes.
   */
  private static final long NEAR = 16;

  /** A position: the state, and the event that led to it (null where history begins). */
  private record Moment<S, E>(long lsn, S state, @Nullable E event) {}

  private final S initial;
  private final BiFunction<S, E, S> apply;
  private final EventSource<E> events;
  private final Checkpoints<S> checkpoints;

  /** Successive positions; {@link #at} is where the walk stands. */
  private final List<Moment<S, E>> window = new ArrayList<>();

  private int at;
  private EventSource.@Nullable Cursor<E> cursor;
  private long cursorLsn;

  private final TreeMap<Long, S> points = new TreeMap<>();
  private long spacing = FIRST_SPACING;

  /**
   * A walk that stands at position 0, even if the first events are gone.
   *
   * @param initial the state before the first event
   * @param apply the state behind an event; pure. A RuntimeException says that the event does not
   *     fit, and becomes a {@link MisfitException}
   * @param checkpoints where replays may start; only points that {@code apply} would reach too
   */
  public Replay(
      S initial, BiFunction<S, E, S> apply, EventSource<E> events, Checkpoints<S> checkpoints) {
    this.initial = initial;
    this.apply = apply;
    this.events = events;
    this.checkpoints = checkpoints;
    window.add(new Moment<>(0, initial, null));
  }

  /** Where the walk stands. */
  public long lsn() {
    return window.get(at).lsn();
  }

  /** The state there. */
  public S state() {
    return window.get(at).state();
  }

  /** The event that led there; empty at 0, and where what led to a checkpoint is gone. */
  public Optional<E> event() {
    return Optional.ofNullable(window.get(at).event());
  }

  /**
   * One event on; false at the end, where a later call may find that history went on.
   *
   * @throws MisfitException the next event does not fit
   * @throws IOException the next event cannot be read
   */
  public boolean forward() throws IOException {
    if (at + 1 < window.size()) {
      at++;
      return true;
    }
    EventSource.Entry<E> entry = read(lsn() + 1);
    if (entry == null) {
      return false;
    }
    if (entry.lsn() != lsn() + 1) {
      throw new IOException("event " + entry.lsn() + " came where " + (lsn() + 1) + " must come");
    }
    S after;
    try {
      after = apply.apply(state(), entry.event());
    } catch (RuntimeException e) {
      closeCursor();
      throw new MisfitException(entry.lsn(), e);
    }
    push(new Moment<>(entry.lsn(), after, entry.event()));
    return true;
  }

  /** One event back; false where history begins, or what is before was removed. */
  public boolean back() throws IOException {
    Moment<S, E> first = window.getFirst();
    if (at > 1 || (at == 1 && (first.event() != null || first.lsn() == 0))) {
      at--;
      return true;
    }
    // Where the window begins with a checkpoint, the event that led to it is still to be read.
    long target = lsn() - 1;
    if (target < 0 || floor(target).isEmpty()) {
      return false;
    }
    start(target, WINDOW / 2);
    return reach(target, true);
  }

  /**
   * Goes to position {@code lsn}, forwards or backwards; false if history ends before it, and then
   * stands at the end.
   *
   * @throws IOException as {@link #forward}; also when the events in front of {@code lsn} were
   *     removed and no checkpoint holds them
   */
  public boolean goTo(long lsn) throws IOException {
    return goTo(lsn, 1);
  }

  /**
   * The same where only the state matters: if a checkpoint is that state, the event that led to it
   * is not looked for, and {@link #event} is empty.
   */
  public boolean goToState(long lsn) throws IOException {
    return goTo(lsn, 0);
  }

  private boolean goTo(long lsn, int room) throws IOException {
    if (lsn < 0) {
      throw new IllegalArgumentException("position " + lsn);
    }
    long first = window.getFirst().lsn();
    long last = window.getLast().lsn();
    boolean complete = room == 0 || lsn != first || lsn == 0 || window.getFirst().event() != null;
    if (lsn >= first && lsn <= last && complete) {
      at = (int) (lsn - first);
      return true;
    }
    if (lsn > last && nothingNearer(last, lsn - room)) {
      at = window.size() - 1;
    } else {
      start(lsn, room);
    }
    return reach(lsn, room > 0);
  }

  /** Goes forward to {@code lsn}; {@code keeping} says whether steps back will follow. */
  private boolean reach(long lsn, boolean keeping) throws IOException {
    while (lsn() < lsn) {
      if (!forward()) {
        return false;
      }
      // All states of a long way would fill the heap, and each collection copies them.
      if (!keeping && at == window.size() - 1) {
        window.subList(0, at).clear();
        at = 0;
      }
    }
    return true;
  }

  /**
   * The state at {@code lsn}, as {@link #goToState}.
   *
   * @throws IOException also when history ends before {@code lsn}
   */
  public S at(long lsn) throws IOException {
    if (!goToState(lsn)) {
      throw new IOException("there is no LSN " + lsn + ": the last one is " + lsn());
    }
    return state();
  }

  /** Goes on to the next event that is {@code wanted}; false, at the end, if there is none. */
  public boolean next(Predicate<? super E> wanted) throws IOException {
    while (forward()) {
      if (event().filter(wanted).isPresent()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Goes back to the last event before that is {@code wanted}; false, at the beginning, if none.
   */
  public boolean previous(Predicate<? super E> wanted) throws IOException {
    while (back()) {
      if (event().filter(wanted).isPresent()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Where history ends.
   *
   * @param lsn the last event that can be read and applied
   * @param broken why it is the last one, if something unreadable or unfitting is behind it
   */
  public record End(long lsn, Optional<IOException> broken) {}

  /** Goes to the last event that can be reached. */
  public End toEnd() {
    try {
      goTo(Long.MAX_VALUE);
      return new End(lsn(), Optional.empty());
    } catch (IOException e) {
      return new End(lsn(), Optional.of(e));
    }
  }

  /** How {@link #firstFailure} looks. */
  public enum Search {
    /**
     * Halves the distance between a position where the condition holds and one where it does not.
     * Looks at few states. What it finds is a position where the condition fails and held just
     * before; it is the first one if the condition never holds again once it has failed.
     */
    BINARY,
    /** Looks at every state in order: finds the first one, whatever the condition. */
    LINEAR
  }

  /** What a search came to; {@code looked} counts the states the condition was asked about. */
  public sealed interface Finding {
    long looked();

    /**
     * The condition fails at {@code lsn} and not just before, or {@code lsn} is where it began.
     *
     * @param misfit the event that leads there cannot be applied: that is the failure
     */
    record Failed(long lsn, long looked, Optional<MisfitException> misfit) implements Finding {}

    /**
     * No failure was found up to {@code lsn}.
     *
     * @param broken why nothing behind {@code lsn} could be looked at
     */
    record Held(long lsn, long looked, Optional<IOException> broken) implements Finding {}
  }

  /**
   * Looks for the first position in {@code [from, to]} where {@code holds} does not; an event that
   * does not fit counts as one. Stands there afterwards, or just before the event that does not
   * fit.
   *
   * @throws IOException {@code from} cannot be reached
   */
  public Finding firstFailure(Predicate<? super S> holds, long from, long to, Search search)
      throws IOException {
    if (!holds.test(at(from))) {
      return new Finding.Failed(from, 1, Optional.empty());
    }
    return search == Search.LINEAR ? linear(holds, to) : binary(holds, from, to);
  }

  private Finding linear(Predicate<? super S> holds, long to) {
    long looked = 1;
    try {
      while (lsn() < to && forward()) {
        looked++;
        if (!holds.test(state())) {
          return new Finding.Failed(lsn(), looked, Optional.empty());
        }
      }
      return new Finding.Held(lsn(), looked, Optional.empty());
    } catch (MisfitException e) {
      return new Finding.Failed(e.lsn(), looked, Optional.of(e));
    } catch (IOException e) {
      return new Finding.Held(lsn(), looked, Optional.of(e));
    }
  }

  private Finding binary(Predicate<? super S> holds, long from, long to) throws IOException {
    Optional<IOException> broken = Optional.empty();
    try {
      goTo(to);
    } catch (IOException e) {
      broken = Optional.of(e);
    }
    long good = from;
    long bad = lsn();
    long looked = 2;
    if (holds.test(state())) {
      // Up to here all is well; what does not fit behind it is then the failure.
      return broken.orElse(null) instanceof MisfitException e
          ? new Finding.Failed(e.lsn(), looked, Optional.of(e))
          : new Finding.Held(bad, looked, broken);
    }
    while (bad - good > 1) {
      long middle = between(good, bad);
      looked++;
      if (holds.test(at(middle))) {
        good = middle;
      } else {
        bad = middle;
      }
    }
    goTo(bad);
    return new Finding.Failed(bad, looked, Optional.empty());
  }

  /** The kept state nearest to the middle if one lies between, otherwise the middle. */
  private long between(long good, long bad) {
    long middle = good + (bad - good) / 2;
    Long below = points.floorKey(middle);
    if (below != null && below > good) {
      return below;
    }
    Long above = points.ceilingKey(middle);
    return above != null && above < bad ? above : middle;
  }

  /**
   * Stands at a known state at least {@code room} positions before {@code lsn}; at any before it,
   * or at {@code lsn} itself, if there is none so far away.
   */
  private void start(long lsn, int room) throws IOException {
    Optional<Point<S>> known = floor(Math.max(0, lsn - room));
    if (known.isEmpty() && room > 1) {
      known = floor(lsn - 1);
    }
    Point<S> from = known.isPresent() ? known.get() : floor(lsn).orElseThrow(() -> gone(lsn));
    window.clear();
    window.add(new Moment<>(from.lsn(), from.state(), null));
    at = 0;
    closeCursor();
  }

  private static IOException gone(long lsn) {
    return new IOException(
        "LSN " + lsn + " is gone: it was removed and no checkpoint takes its place");
  }

  /** Whether a replay to {@code lsn} had better go on from {@code last} than start elsewhere. */
  private boolean nothingNearer(long last, long lsn) throws IOException {
    return last + 1 >= events.firstLsn() && (lsn - last <= NEAR || known(last, lsn).isEmpty());
  }

  /** The last known state at or before {@code lsn}. */
  private Optional<Point<S>> floor(long lsn) throws IOException {
    return known(-1, lsn);
  }

  /** The last known state in {@code (above, lsn]}; which of some that are near is left open. */
  private Optional<Point<S>> known(long above, long lsn) throws IOException {
    long first = events.firstLsn();
    Map.Entry<Long, S> kept = points.floorEntry(lsn);
    Optional<Point<S>> best =
        kept != null && kept.getKey() > above
            ? Optional.of(new Point<>(kept.getKey(), kept.getValue()))
            : first == 1 && above < 0 ? Optional.of(new Point<>(0, initial)) : Optional.empty();
    long newest = best.map(Point::lsn).orElse(above);
    if (best.isPresent() && lsn - newest <= NEAR) {
      return best;
    }
    // Looking for one means reading it. One that the journal does not go on from is of no use.
    Optional<Point<S>> stored = checkpoints.latest(Math.max(newest, first - 2), lsn);
    stored.ifPresent(point -> keep(point.lsn(), point.state()));
    return stored.isPresent() ? stored : best;
  }

  private void push(Moment<S, E> moment) {
    window.add(moment);
    at++;
    if (window.size() == 2 * WINDOW) {
      window.subList(0, WINDOW).clear();
      at -= WINDOW;
    }
    if (moment.lsn() % spacing == 0) {
      keep(moment.lsn(), moment.state());
    }
  }

  private void keep(long lsn, S state) {
    points.put(lsn, state);
    while (points.size() > POINTS_MAX) {
      spacing *= 2;
      points.keySet().removeIf(each -> each % spacing != 0);
    }
  }

  private EventSource.@Nullable Entry<E> read(long lsn) throws IOException {
    if (cursor == null || cursorLsn != lsn) {
      closeCursor();
      if (lsn < events.firstLsn()) {
        throw gone(lsn);
      }
      cursor = events.from(lsn);
      cursorLsn = lsn;
    }
    EventSource.Entry<E> entry = null;
    try {
      entry = cursor.next();
      cursorLsn++;
    } finally {
      // Behind the end and behind damage one has to look anew: history may go on.
      if (entry == null) {
        closeCursor();
      }
    }
    return entry;
  }

  private void closeCursor() throws IOException {
    if (cursor != null) {
      EventSource.Cursor<E> old = cursor;
      cursor = null;
      old.close();
    }
  }

  @Override
  public void close() throws IOException {
    closeCursor();
  }
}
