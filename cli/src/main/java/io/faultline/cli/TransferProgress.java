package io.faultline.cli;

import io.faultline.tree.TreeObserver;
import java.io.Console;
import java.util.Optional;
import java.util.function.Consumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Shows a tree being carried over: a bar on a terminal, nothing otherwise; what is left out always.
 */
final class TransferProgress implements TreeObserver, AutoCloseable {
  private static final long MEBIBYTE = 1 << 20;

  private final Consumer<String> complaints;
  private final @Nullable ProgressBar bar;

  TransferProgress(String task, Consumer<String> complaints) {
    this.complaints = complaints;
    // The total is unknown: to learn it, the tree would have to be walked twice.
    this.bar =
        Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()
            ? new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(-1)
                .setUnit(" MiB", MEBIBYTE)
                .build()
            : null;
  }

  @Override
  public void advanced(long bytes) {
    if (bar != null) {
      bar.stepBy(bytes);
    }
  }

  @Override
  public void skipped(String path, String reason) {
    complaints.accept("left out " + Names.printable(path) + ": " + Names.printable(reason));
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
