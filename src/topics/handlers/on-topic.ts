import { checkOptions, expected, findProblems, type Rule } from '../../foundation/options.rules.js';
import { quoteName } from '../../foundation/text/redaction.js';
import type { TopicDefinition } from '../definitions/topic-definition.js';
import type { TopicGap, TopicMessageContext } from '../definitions/topic.options.js';
import type { Overflow } from '../listening/bounded-events.js';
import { describeArguments } from './handler-arguments.js';

export interface OnTopicGapOptions {
  /** The connection that the topic is listened to by. @default that of the definition, else the default one */
  readonly connection?: string | undefined;
  /** The cache that the topic belongs to. @default that of the definition, else the connection's */
  readonly cacheName?: string | undefined;
}

export interface OnTopicOptions extends OnTopicGapOptions {
  /** How many messages are handled at a time, 1 or more. With 1 they are handled in order. @default 1 */
  readonly concurrency?: number | undefined;
  /** How many messages wait for the handler, 1 or more. @default 1,000 */
  readonly buffer?: number | undefined;
  /** What goes when the buffer is full; it is counted, logged, and told as a gap. @default 'drop-oldest' */
  readonly overflow?: Overflow | undefined;
}

/** One `@OnTopic` or `@OnTopicGap` of a method. */
export interface Declaration extends OnTopicOptions {
  readonly hears: 'messages' | 'gaps';
  readonly topic: string | TopicDefinition<unknown, never>;
}

/** Of the metadata of a method. */
const declarations = 'nestjs-momento:on-topic';

type Method = (...args: never[]) => unknown;

/** Whether a parameter takes the value whatever it is: all of a union, not one of its members. */
type IsTaken<Value, Parameter> = [Value] extends [Parameter] ? true : false;

/**
 * The method itself when it takes the value where it gets it: first, or second behind the context. One of no parameters takes all.
 * Else what it should be, so that the compiler says what is wrong.
 */
type Takes<M extends Method, Value, Context> = unknown extends Value
  ? M
  : Parameters<M> extends readonly []
    ? M
    : IsTaken<Value, Parameters<M>[0]> extends true
      ? M
      : IsTaken<Context, Parameters<M>[0]> extends true
        ? Parameters<M> extends readonly [unknown?]
          ? M
          : IsTaken<Value, Parameters<M>[1]> extends true
            ? M
            : (context: Context, value: Value) => unknown
        : (value: Value) => unknown;

/**
 * Stands on methods that take the value: anything else does not compile.
 *
 * @typeParam Context what the second argument is
 */
export type HandlerDecorator<Value, Context = TopicMessageContext> = <M extends Method>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & TypedPropertyDescriptor<Takes<M, Value, Context>>,
) => void;

const isName = (value: unknown) => typeof value === 'string' && value !== '';
const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 1;
const gapRules: Readonly<Record<string, Rule>> = {
  connection: expected('a filled string', isName),
  cacheName: expected('a filled string', isName),
};
const rules: Readonly<Record<string, Rule>> = {
  ...gapRules,
  concurrency: expected('a whole number, 1 or more', isCount),
  buffer: expected('a whole number, 1 or more', isCount),
  overflow: expected(
    "'drop-oldest' or 'drop-newest'",
    (value) => value === 'drop-oldest' || value === 'drop-newest',
  ),
};

/**
 * Calls the method for each message of the topic, with its value and where it stands, from when the app has started until it shuts
 * down. Guards, pipes, interceptors and filters of the class and the method stand around it, with the context type `momento-topic`.
 * What it throws and no filter takes is logged and counted. Every instance of the app gets every message.
 *
 * @param topic by its name, or as it was defined: then the compiler checks that the method takes the value, first, or second behind
 * the context. Where a pipe makes another type of it, say the name.
 * @throws MomentoConfigurationError `invalid-options`
 * @example
 * @OnTopic(orders, { concurrency: 1, buffer: 1000, overflow: 'drop-oldest' })
 * async ship(order: Order, @TopicContext() { cursor }: TopicMessageContext) {}
 */
export function OnTopic(topic: string, options?: OnTopicOptions): HandlerDecorator<unknown>;
export function OnTopic<Value>(
  topic: string | TopicDefinition<Value, never>,
  options?: OnTopicOptions,
): HandlerDecorator<Value>;
export function OnTopic(
  topic: string | TopicDefinition<unknown, never>,
  options: OnTopicOptions = {},
): HandlerDecorator<never, never> {
  return declare('OnTopic', { ...options, hears: 'messages', topic }, findProblems(options, rules));
}

/**
 * Calls the method for each gap of the topic that is told to a handler of the class: messages that Momento no longer held, or for
 * which a buffer had no room. With one handler, `concurrency: 1`, it comes where the messages would have come.
 *
 * @throws MomentoConfigurationError `invalid-options`
 * @example
 * @OnTopicGap(orders)
 * async reload(gap: TopicGap) {}
 */
export function OnTopicGap(
  topic: string | TopicDefinition<unknown, never>,
  options: OnTopicGapOptions = {},
): HandlerDecorator<TopicGap, TopicGap> {
  return declare('OnTopicGap', { ...options, hears: 'gaps', topic }, findProblems(options, gapRules));
}

/** What stands on a method, in the order in which it was written. */
export function declarationsOf(method: object): readonly Declaration[] {
  return (Reflect.getMetadata(declarations, method) as readonly Declaration[] | undefined) ?? [];
}

function declare(
  decorator: string,
  declaration: Declaration,
  problems: readonly string[],
): HandlerDecorator<never, never> {
  const { topic } = declaration;
  const name = typeof topic === 'string' ? topic : Object(topic).name;
  const isTopic = isName(name);
  checkOptions(
    `The options of @${decorator}(${quoteName(name)})`,
    [...(isTopic ? [] : ['the topic: must be a filled string, or what defineTopic() gives']), ...problems],
    'Correct them where the method is declared.',
  );
  return (target, methodName, { value: method }) => {
    // Nest finds no methods whose name is a symbol.
    if (typeof target === 'function' || typeof method !== 'function' || typeof methodName === 'symbol')
      throw notAMethod(decorator, name);
    Reflect.defineMetadata(declarations, [declaration, ...declarationsOf(method)], method);
    describeArguments(target.constructor, methodName);
  };
}

function notAMethod(decorator: string, topic: string): TypeError {
  return new TypeError(
    `@${decorator}(${quoteName(topic)}) stands on a static method, on one whose name is a symbol, or on no method. Put it on a method of a provider.`,
  );
}
