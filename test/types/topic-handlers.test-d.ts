import { ParseIntPipe } from '@nestjs/common';
import {
  bytesCodec,
  defineTopic,
  type HandlerDecorator,
  OnTopic,
  OnTopicGap,
  type OnTopicGapOptions,
  type OnTopicOptions,
  type Overflow,
  type StandardSchema,
  TopicContext,
  type TopicGap,
  type TopicHandlerStats,
  TopicMessage,
  type TopicMessageContext,
  type TopicService,
} from 'nestjs-momento';

interface Order {
  readonly id: number;
}

declare const schema: StandardSchema<{ readonly id: string }, Order>;
declare const topics: TopicService;

const orders = defineTopic('orders', { schema });
const mixed = defineTopic<string | number>('mixed');
const flags = defineTopic<boolean>('flags');
const images = defineTopic('images', { codec: bytesCodec });
const anything = defineTopic('anything');

/** Takes what the topic carries. */
export class Takes {
  @OnTopic(orders)
  value(order: Order): unknown {
    return order.id;
  }
  @OnTopic(orders)
  async withContext(order: Order, @TopicContext() { cursor }: TopicMessageContext): Promise<void> {
    void [order, cursor];
  }
  @OnTopic(orders)
  contextFirst(@TopicContext() context: TopicMessageContext, order: Order): void {
    void [order, context.publisherId];
  }
  @OnTopic(orders)
  contextAlone(@TopicContext() { topic }: Pick<TopicMessageContext, 'topic'>): void {
    void topic;
  }
  @OnTopic(orders)
  nothing(): void {}
  @OnTopic(orders)
  @OnTopic(images)
  wider(value: object | undefined): void {
    void value;
  }
  @OnTopic(orders)
  widest(value: unknown, context: object): void {
    void [value, context];
  }
  @OnTopic(orders)
  optional(order?: Order): void {
    void order;
  }
  @OnTopic(orders)
  rest(...args: readonly unknown[]): void {
    void args;
  }
  @OnTopic(orders)
  generic<T>(value: T): T {
    return value;
  }
  @OnTopic(mixed)
  union(value: string | number): void {
    void value;
  }
  @OnTopic(flags)
  flag(value: boolean): void {
    void value;
  }
  @OnTopic(images, { concurrency: 4, buffer: 10, overflow: 'drop-newest' })
  bytes(@TopicMessage() value: Uint8Array): void {
    void value.byteLength;
  }
  @OnTopic(anything)
  anything(value: Order): void {
    void value;
  }
  @OnTopicGap(orders)
  gap({ from, to, missed }: TopicGap): void {
    void [from, to, missed];
  }
  @OnTopicGap('plain')
  gapOfNoInterest(): void {}
}

/** Of a plain name nothing is known: any type is taken, unless one is said. */
export class Plain {
  @OnTopic('plain')
  text(value: string, context: TopicMessageContext): void {
    void [value, context];
  }
  @OnTopic('plain', { connection: 'analytics', cacheName: 'other' })
  piped(@TopicMessage(ParseIntPipe) value: number, @TopicContext() context: TopicMessageContext): void {
    void [value, context];
  }
  @OnTopic<Order>('plain')
  said(order: Order): void {
    void order;
  }
  // @ts-expect-error it was said to be an order
  @OnTopic<Order>('plain')
  saidOtherwise(order: string): void {
    void order;
  }
}

/** Does not compile. */
export class Refused {
  // @ts-expect-error what the schema reads is not what it gives back
  @OnTopic(orders)
  input(order: { readonly id: string }): void {
    void order;
  }
  // @ts-expect-error an order has no name
  @OnTopic(orders)
  more(order: Order & { readonly name: string }): void {
    void order;
  }
  // @ts-expect-error a message is not its value
  @OnTopic(orders)
  message(message: TopicMessage<Order>): void {
    void message;
  }
  // @ts-expect-error no order, behind the context
  @OnTopic(orders)
  behindContext(@TopicContext() context: TopicMessageContext, order: string): void {
    void [context, order];
  }
  // @ts-expect-error it may be a number
  @OnTopic(mixed)
  oneOfUnion(value: string): void {
    void value;
  }
  // @ts-expect-error it may be false
  @OnTopic(flags)
  always(value: true): void {
    void value;
  }
  // @ts-expect-error bytes are no text
  @OnTopic(images)
  text(value: string): void {
    void value;
  }
  // @ts-expect-error a gap is no order
  @OnTopicGap(orders)
  gap(order: Order): void {
    void order;
  }
  // @ts-expect-error how many are missing may be unknown
  @OnTopicGap('plain')
  gapOfKnownSize(gap: { readonly missed: number }): void {
    void gap;
  }
  // @ts-expect-error no method
  @OnTopic(orders)
  readonly property = (order: Order): void => void order;
}

// @ts-expect-error no way to drop
OnTopic(orders, { overflow: 'drop' });
// @ts-expect-error gaps have no buffer of their own
OnTopicGap(orders, { buffer: 1 });
// @ts-expect-error neither a name nor a definition
OnTopic(orders.schema);

// `TopicMessage` is a type, too.
void topics.subscribe(orders, ({ value }: TopicMessage<Order>) => void value.id.toFixed());
export const overflow: Overflow = 'drop-oldest';
export const gapOptions: OnTopicGapOptions = { connection: 'analytics' };
export const options: OnTopicOptions = { ...gapOptions, overflow, buffer: 1 };
export const onOrder: HandlerDecorator<Order> = OnTopic(orders, options);
export const onGap: HandlerDecorator<TopicGap, TopicGap> = OnTopicGap(orders, gapOptions);
export const stats: readonly TopicHandlerStats[] = topics.stats().handlers;
