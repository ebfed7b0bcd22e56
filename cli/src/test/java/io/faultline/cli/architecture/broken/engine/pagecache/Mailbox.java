package io.faultline.cli.architecture.broken.engine.pagecache;

import akka.actor.typed.ActorRef;

/** Breaks a rule on purpose: Akka in the read path. */
public record Mailbox(ActorRef<String> used) {}
