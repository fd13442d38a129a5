import { pubsub } from '@gomomento/generated-types';
import type { CacheRegistry } from '../../engine/cache-registry.js';
import { EngineError } from '../../engine/engine-error.js';
import { copyBytes } from '../../engine/bytes.js';
import { checkItemSize } from '../../engine/limits.js';
import type { TopicEvent, TopicValue } from '../../engine/topics/topic.js';
import type { PublishedMessage } from '../../webhook-deliveries.js';
import type { StreamHandlers, UnaryHandlers } from '../calls/call-pipeline.js';
import type { Heartbeats } from '../calls/heartbeats.js';
import { SERVICES } from '../services.js';

const {
  _Discontinuity: Discontinuity,
  _SubscriptionItem: SubscriptionItem,
  _TopicItem: TopicItem,
  _TopicValue: TopicValueMessage,
} = pubsub.cache_client.pubsub;

export function publishHandlers(
  caches: CacheRegistry,
  onPublished: (message: PublishedMessage) => void,
): UnaryHandlers<'topics'> {
  return {
    Publish: (request, { tokenId }) => {
      const cache = caches.get(request.cache_name);
      const value = topicValueOf(request);
      const sequenceNumber = cache.topics.publish(request.topic, value, tokenId);
      onPublished({ cache, topicName: request.topic, sequenceNumber, tokenId, value });
      // The empty message is not among those that the package exports; no bytes at all make one.
      return SERVICES.topics.Publish.responseDeserialize(Buffer.alloc(0));
    },
  };
}

export function subscribeHandlers(caches: CacheRegistry, heartbeats: Heartbeats): StreamHandlers<'topics'> {
  return {
    Subscribe: (request, _context, stream) => {
      const topic = caches.get(request.cache_name).topics.open(request.topic);
      // The first heartbeat tells the subscriber that it is subscribed.
      heartbeats.start(stream);
      const subscription = topic.subscribe(
        { sequenceNumber: request.resume_at_topic_sequence_number, sequencePage: request.sequence_page },
        (event) => stream.write(messageOf(event)),
      );
      stream.onDrain(() => subscription.pump());
      stream.call.onEnd(() => subscription.unsubscribe());
    },
  };
}

function topicValueOf(request: pubsub.cache_client.pubsub._PublishRequest): TopicValue {
  const { topic, value, has_value: hasValue } = request;
  if (hasValue && value.has_text) {
    checkItemSize(Buffer.from(topic), Buffer.from(value.text));
    return { text: value.text };
  }
  if (hasValue && value.has_binary) {
    checkItemSize(Buffer.from(topic), value.binary);
    return { binary: copyBytes(value.binary) };
  }
  throw new EngineError('invalid-argument', 'The message has no value');
}

function messageOf(event: TopicEvent): pubsub.cache_client.pubsub._SubscriptionItem {
  if (event.kind === 'item') {
    const item = new TopicItem({
      topic_sequence_number: event.sequenceNumber,
      sequence_page: event.sequencePage,
      value: new TopicValueMessage(event.value),
      publisher_id: event.publisherId,
    });
    return new SubscriptionItem({ item });
  }
  const discontinuity = new Discontinuity({
    last_topic_sequence: event.lastSequenceNumber,
    new_topic_sequence: event.newSequenceNumber,
    new_sequence_page: event.newSequencePage,
  });
  return new SubscriptionItem({ discontinuity });
}
