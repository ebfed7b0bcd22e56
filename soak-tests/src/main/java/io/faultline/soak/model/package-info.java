/**
 * Internal. The independent model filesystem: a sequential, in-memory statement of what the ext4
 * layout must answer, written from the specification alone. It shares no code with the engine, so
 * that agreement between the two is evidence.
 */
@NullMarked
package io.faultline.soak.model;

import org.jspecify.annotations.NullMarked;
