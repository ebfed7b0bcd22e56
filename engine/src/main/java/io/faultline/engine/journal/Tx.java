package io.faultline.engine.journal;

import io.faultline.engine.inode.Event;
import java.util.List;

/**
 * One transaction: the events that become durable together.
 *
 * @param lsn its place in the volume's total order, from 1, without gaps
 * @param epoch how many times the volume had been opened when this was written
 * @param events in the order in which they were applied
 */
public record Tx(long lsn, long epoch, List<Event> events) {
  public Tx {
    events = List.copyOf(events);
  }
}
