import type { MomentoCodec } from '../../foundation/momento.codecs.js';
import {
  checkOptions,
  expected,
  findProblems,
  hasMethods,
  type Rule,
} from '../../foundation/options.rules.js';
import { quoteName } from '../../foundation/text/redaction.js';
import type { StandardSchema } from '../../foundation/values/standard-schema.js';
import type { CodecOf, GivenTo, SchemaOption } from '../../foundation/values/value-types.js';

interface TopicPlace {
  /** The cache that the topic belongs to. @default the connection's `cacheName` */
  readonly cacheName?: string | undefined;
  /** The name of the connection that it belongs to, and no other may use. @default any: that of the service it is used with */
  readonly connection?: string | undefined;
}

export interface TopicDefinitionOptions<Value> extends TopicPlace {
  /** How values are sent; with a codec of another type, such as `bytesCodec`, values have that type. @default the connection's */
  readonly codec?: CodecOf<Value> | undefined;
}

/** What a definition is, whatever its types. */
export interface AnyTopicDefinition {
  readonly name: string;
  readonly cacheName: string | undefined;
  readonly connection: string | undefined;
  readonly codec: MomentoCodec | undefined;
  readonly schema: StandardSchema | undefined;
}

/**
 * A typed topic, before there is a connection.
 *
 * @typeParam Value what arrives
 * @typeParam Given what is published; the same, unless a schema makes one out of the other
 */
export interface TopicDefinition<Value, Given = Value> extends AnyTopicDefinition {
  /** For the compiler alone. */
  readonly types?: { readonly value: Value; readonly given: (given: Given) => void };
}

const nameRule = expected('a filled string', (value) => typeof value === 'string' && value !== '');
const rules: Readonly<Record<string, Rule>> = {
  cacheName: nameRule,
  connection: nameRule,
  codec: expected('a codec', hasMethods('encode', 'decode')),
  schema: expected('a Standard Schema', (value) => Object(value) === value && '~standard' in Object(value)),
};

/**
 * Defines a topic whose messages the compiler checks. Their type is what the schema gives back, else that of the codec, else the type
 * argument.
 *
 * @param name of the topic, as Momento knows it
 * @throws MomentoConfigurationError `invalid-options`
 * @example
 * export const orders = defineTopic('orders', { schema: Order });
 * export const news = defineTopic<News>('news');
 */
export function defineTopic<Input, Output>(
  name: string,
  options: SchemaOption<Input, Output> & TopicPlace & { readonly codec?: MomentoCodec | undefined },
): TopicDefinition<Output, GivenTo<Input, Output>>;
export function defineTopic<Value = unknown>(
  name: string,
  options?: TopicDefinitionOptions<Value> & { readonly schema?: undefined },
): TopicDefinition<Value>;
export function defineTopic(
  name: string,
  options: Partial<Omit<AnyTopicDefinition, 'name'>> = {},
): TopicDefinition<unknown> {
  const problem = nameRule(name);
  checkOptions(
    `The options of defineTopic(${quoteName(name)})`,
    [...(problem === undefined ? [] : [`the name: ${problem}`]), ...findProblems(options, rules)],
    'Correct them where the topic is defined.',
  );
  const { cacheName, connection, codec, schema } = options;
  return Object.freeze({ name, cacheName, connection, codec, schema });
}
