import { pubsub } from '@gomomento/generated-types';

const { _PublishRequest: PublishRequest } = pubsub.cache_client.pubsub;

/** The fields in which requests name several things to work on. */
const ELEMENT_FIELDS = ['items', 'cache_keys', 'fields', 'elements', 'values', 'ids', 'sources'];
/** The fields in which such lists stand, where they do not stand in the request itself. */
const CONTAINER_FIELDS = ['some', 'subtrahend', 'set'];
const TTL_FIELDS = [
  'ttl_milliseconds',
  'overwrite_to_milliseconds',
  'increase_to_milliseconds',
  'decrease_to_milliseconds',
];

/** What a request counts for: one, or half the number of things it names. What an answer holds is not known yet. */
export function operationsOf(request: object): number {
  return Math.max(1, Math.ceil(elementCountOf(request) / 2));
}

/** The TTLs that a request asks for, in milliseconds. */
export function ttlsOf(request: object): number[] {
  const items: unknown = Reflect.get(request, 'items');
  const messages = [request, ...(Array.isArray(items) ? items : [])];
  return messages.flatMap((message) =>
    TTL_FIELDS.map((field): unknown => Reflect.get(Object(message), field)).filter(
      (ttl): ttl is number => typeof ttl === 'number',
    ),
  );
}

/** The size of the message that a request publishes; 0 when it publishes none. */
export function publishedBytesOf(request: object): number {
  if (!(request instanceof PublishRequest) || !request.has_value) {
    return 0;
  }
  const { value } = request;
  return value.has_text ? Buffer.byteLength(value.text) : value.binary.byteLength;
}

function elementCountOf(message: object): number {
  const own = ELEMENT_FIELDS.map((field): unknown => Reflect.get(message, field)).filter(Array.isArray);
  const nested = CONTAINER_FIELDS.map((field): unknown => Reflect.get(message, field)).filter(
    (container): container is object => typeof container === 'object' && container !== null,
  );
  const ownCount = own.reduce((sum: number, elements: unknown[]) => sum + elements.length, 0);
  return nested.reduce((sum, container) => sum + elementCountOf(container), ownCount);
}
