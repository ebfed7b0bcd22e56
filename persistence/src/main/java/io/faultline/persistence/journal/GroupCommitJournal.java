package io.faultline.persistence.journal;

import akka.actor.ActorRef;
import akka.dispatch.Futures;
import akka.persistence.AtomicWrite;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.japi.AsyncWriteJournal;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializers;
import io.faultline.persistence.segment.LogRecord;
import io.faultline.persistence.segment.SegmentLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * Akka's door to {@link SegmentLog}: one event is one record, its sequence number the LSN. Serves
 * every journal registered with {@link OpenJournals}; all waiting happens on the journals' own
 * threads, never in this actor.
 *
 * <p>Of an event's envelope only the payload is kept. Akka's writer uuid is random and its
 * timestamp is the clock's, so with either the same run would not give the same bytes twice (rule
 * R15).
 */
public final class GroupCommitJournal extends AsyncWriteJournal {
  private final OpenJournals journals = OpenJournals.of(context().system());
  private final Serialization serialization = SerializationExtension.get(context().system());

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> answers = new ArrayList<>();
    List<CompletableFuture<Void>> writes = new ArrayList<>();
    for (AtomicWrite message : messages) {
      Optional<Exception> refusal = refusalOf(message);
      answers.add(refusal);
      if (refusal.isEmpty()) {
        writes.add(append(message.payload().head()));
      }
    }
    return FutureConverters.asScala(
        CompletableFuture.allOf(writes.toArray(CompletableFuture<?>[]::new))
            .thenApply(ignored -> answers));
  }

  /** A record holds one event, so a batch of several could be torn; a volume never sends one. */
  private static Optional<Exception> refusalOf(AtomicWrite message) {
    return message.size() == 1
        ? Optional.empty()
        : Optional.of(
            new UnsupportedOperationException(
                "an atomic write of " + message.size() + " events; put them into one"));
  }

  private CompletableFuture<Void> append(PersistentRepr event) {
    // Exceptions leave this method and fail the whole write, which stops the writing behaviour.
    Object payload = event.payload();
    byte[] bytes = serialization.serialize(payload).get();
    var serializer = serialization.findSerializerFor(payload);
    return journals
        .get(event.persistenceId())
        .log()
        .append(
            event.sequenceNr(),
            serializer.identifier(),
            Serializers.manifestFor(serializer, payload),
            bytes);
  }

  /** Never called: nothing in a volume deletes events; segments go as files behind a checkpoint. */
  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return Futures.failed(
        new UnsupportedOperationException("this journal drops segments, not single events"));
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    return Futures.successful(journals.get(persistenceId).log().lastLsn());
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId, long from, long to, long max, Consumer<PersistentRepr> target) {
    OpenJournals.Entry journal = journals.get(persistenceId);
    return FutureConverters.asScala(
        journal
            .log()
            .replay(
                from,
                to,
                max,
                record -> {
                  journal.window().enter();
                  target.accept(decode(persistenceId, record));
                }));
  }

  private PersistentRepr decode(String persistenceId, LogRecord record) {
    byte[] bytes = new byte[record.payload().remaining()];
    record.payload().get(bytes);
    Object payload;
    try {
      payload = serialization.deserialize(bytes, record.serializerId(), record.manifest()).get();
    } catch (Exception e) {
      throw new IllegalStateException(
          "segment "
              + record.segment()
              + " offset "
              + record.offset()
              + " transaction "
              + record.lsn()
              + ": "
              + e.getMessage(),
          e);
    }
    return PersistentRepr.apply(
        payload, record.lsn(), persistenceId, "", false, ActorRef.noSender(), "");
  }

  /** The system ends: what was accepted is written, nothing more is taken. Does not wait. */
  @Override
  public void postStop() throws Exception {
    journals.all().forEach(SegmentLog::beginClose);
    super.postStop();
  }
}
