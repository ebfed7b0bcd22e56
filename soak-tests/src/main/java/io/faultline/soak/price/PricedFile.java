package io.faultline.soak.price;

import static io.faultline.soak.price.PagePattern.PAGE_BYTES;

import io.faultline.Advice;
import io.faultline.OpenFile;
import io.faultline.soak.oracle.Violation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A file of which every page has a version: odd ones are data, even ones holes. A read of a page
 * may return any version between the last that was finished when it began and the last that had
 * begun when it ended. At most one thread changes a page at a time; any number read.
 */
final class PricedFile implements AutoCloseable {
  private static final int FILL_PAGES = 256;

  private final OpenFile file;
  private final long ino;
  private final int pages;
  private final AtomicIntegerArray begun;
  private final AtomicIntegerArray finished;
  private final LongAdder wrong = new LongAdder();
  private final AtomicReference<@Nullable Violation> first = new AtomicReference<>();

  /** Writes version 1 of every page. Takes {@code file} over. */
  PricedFile(OpenFile file, int pages) throws IOException {
    this.file = file;
    this.ino = file.status().ino();
    this.pages = pages;
    this.begun = new AtomicIntegerArray(pages);
    this.finished = new AtomicIntegerArray(pages);
    ByteBuffer buffer = PagePattern.buffer(Math.min(FILL_PAGES, pages));
    for (int at = 0; at < pages; at += buffer.capacity() / PAGE_BYTES) {
      write(at, Math.min(pages - at, buffer.capacity() / PAGE_BYTES), buffer);
    }
    // Windows of readahead would hide what a single fill costs.
    file.advise(0, 0, Advice.RANDOM);
  }

  int pages() {
    return pages;
  }

  /** Reads that returned what they must not. */
  long wrong() {
    return wrong.sum();
  }

  /** The first of them. */
  @Nullable Violation firstWrong() {
    return first.get();
  }

  /**
   * Reads one page and checks it.
   *
   * @return how long the read took, the check not included, nanoseconds
   */
  long read(int page, ByteBuffer buffer) throws IOException {
    int oldest = finished.get(page);
    buffer.clear();
    long began = System.nanoTime();
    int bytes = file.read(buffer, (long) page * PAGE_BYTES);
    long took = System.nanoTime() - began;
    int newest = begun.get(page);
    buffer.clear();
    long tag = buffer.getLong(0);
    long sum = PagePattern.sum(buffer);
    if (bytes != PAGE_BYTES || !allowed(tag, sum, page, oldest, newest)) {
      report(page, bytes, tag, sum, "v" + oldest + "..v" + newest);
    }
    return took;
  }

  private static boolean allowed(long tag, long sum, int page, int oldest, int newest) {
    if (tag == 0) {
      return sum == 0 && (oldest % 2 == 0 || newest > oldest);
    }
    int version = PagePattern.versionOf(tag);
    return sum == PagePattern.sumOf(tag)
        && PagePattern.pageOf(tag) == page
        && version % 2 != 0
        && version >= oldest
        && version <= newest;
  }

  private void report(int page, int bytes, long tag, long sum, String allowed) {
    wrong.increment();
    Violation.Kind kind;
    String saw;
    if (bytes != PAGE_BYTES) {
      kind = Violation.Kind.SHORT_READ;
      saw = bytes + "-bytes";
    } else if (tag == 0 && sum == 0) {
      kind = Violation.Kind.STALE_READ;
      saw = "zeros";
    } else if (sum != PagePattern.sumOf(tag)) {
      kind = Violation.Kind.CORRUPT;
      saw = "checksum-" + Long.toHexString(sum);
    } else {
      kind =
          PagePattern.pageOf(tag) == page ? Violation.Kind.STALE_READ : Violation.Kind.FOREIGN_DATA;
      saw = "page" + PagePattern.pageOf(tag) + "-v" + PagePattern.versionOf(tag);
    }
    first.compareAndSet(
        null,
        new Violation(kind, ino, (long) page * PAGE_BYTES, saw, allowed, OptionalLong.empty()));
  }

  /** Writes the next data version of {@code count} pages from a buffer of at least as many. */
  void write(int from, int count, ByteBuffer buffer) throws IOException {
    for (int i = 0; i < count; i++) {
      int version = begun.get(from + i) + 1 | 1;
      PagePattern.stamp(buffer, i, PagePattern.tag(from + i, version));
      begun.set(from + i, version);
    }
    buffer.clear().limit(count * PAGE_BYTES);
    while (buffer.hasRemaining()) {
      file.write(buffer, (long) from * PAGE_BYTES + buffer.position());
    }
    finish(from, count);
  }

  /** Makes {@code count} pages a hole, which they may be already. */
  void punch(int from, int count) throws IOException {
    for (int page = from; page < from + count; page++) {
      begun.set(page, begun.get(page) + 1 & ~1);
    }
    file.punchHole((long) from * PAGE_BYTES, (long) count * PAGE_BYTES);
    finish(from, count);
  }

  private void finish(int from, int count) {
    for (int page = from; page < from + count; page++) {
      finished.set(page, begun.get(page));
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
