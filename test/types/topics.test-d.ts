import {
  bytesCodec,
  defineTopic,
  type StandardSchema,
  type TopicMessage,
  type TopicService,
} from 'nestjs-momento';
import type { Observable } from 'rxjs';

interface Order {
  readonly id: number;
}

declare const schema: StandardSchema<{ readonly id: string }, Order>;
declare const topics: TopicService;

const orders = defineTopic('orders', { schema });
const news = defineTopic<string>('news');
const images = defineTopic('images', { codec: bytesCodec });

// What is published is what the schema reads, or gives back.
void topics.publish(orders, { id: '7' });
void topics.publish(orders, { id: 7 });
// @ts-expect-error not an order
void topics.publish(orders, { id: true });
// @ts-expect-error not a text
void topics.publish(news, 7);
// @ts-expect-error not bytes
void topics.publish(images, 'text');
// @ts-expect-error one of them is no text
void topics.publishMany(news, ['a', 7]);
void topics.publish('untyped', { anything: true });

// What arrives is what the schema gives back.
void topics.subscribe(orders, ({ value }) => void value.id.toFixed());
// @ts-expect-error an order has no name
void topics.subscribe(orders, ({ value }) => void value.name);
const observed: Observable<TopicMessage<string>> = topics.observe(news);
void observed;
const gaps = topics.observe(news, { gaps: true });
gaps.subscribe((event) => ('kind' in event ? event.missed : event.value.length));
for await (const { value } of topics.stream(images)) void value.byteLength;
// @ts-expect-error a codec of another type
void defineTopic<string>('bytes', { codec: bytesCodec });
// @ts-expect-error no cursor
void topics.subscribe(news, () => undefined, { after: 'later' });
