package io.faultline.engine.runtime.akka;

import akka.actor.AbstractActor;
import akka.dispatch.RequiresMessageQueue;
import akka.event.LoggerMessageQueueSemantics;
import akka.event.Logging;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes the actor system's log events on to slf4j. The library's own logger does the same but
 * announces itself at INFO in every host application, and a library that works is silent (R25).
 */
public final class EngineLogger extends AbstractActor
    implements RequiresMessageQueue<LoggerMessageQueueSemantics> {

  /** Called by reflection. */
  public EngineLogger() {}

  @Override
  public Receive createReceive() {
    return receiveBuilder()
        .match(
            Logging.InitializeLogger.class,
            start -> getSender().tell(Logging.loggerInitialized(), getSelf()))
        .match(
            Logging.Error.class,
            event -> {
              boolean caused = event.cause() != null && !event.cause().equals(Logging.noCause());
              if (caused) {
                logger(event).error("{}: {}", event.logSource(), event.message(), event.cause());
              } else {
                logger(event).error("{}: {}", event.logSource(), event.message());
              }
            })
        .match(
            Logging.Warning.class,
            event -> logger(event).warn("{}: {}", event.logSource(), event.message()))
        .match(
            Logging.Info.class,
            event -> logger(event).info("{}: {}", event.logSource(), event.message()))
        .match(
            Logging.Debug.class,
            event -> logger(event).debug("{}: {}", event.logSource(), event.message()))
        .build();
  }

  private static Logger logger(Logging.LogEvent event) {
    return LoggerFactory.getLogger(event.logClass());
  }
}
