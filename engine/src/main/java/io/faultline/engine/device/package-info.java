/**
 * <em>Internal.</em> Block devices under a volume: the image file, memory, and wrappers that count,
 * record, delay and fail. Everything above reaches blocks only through the asynchronous {@link
 * io.faultline.engine.device.BlockDevice}; journal files are reached through {@link
 * io.faultline.engine.device.JournalStore}.
 *
 * <p>Wrappers compose: each one is a {@code BlockDevice} over another and knows one behaviour only.
 */
@NullMarked
package io.faultline.engine.device;

import org.jspecify.annotations.NullMarked;
