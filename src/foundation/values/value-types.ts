import type { StandardSchema } from './standard-schema.js';

/** A codec that writes values of a type. As a property and not a method, so that a codec of another type is refused. */
export interface CodecOf<Value> {
  readonly encode: (value: Value) => string | Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

/** A schema, and what it makes the values. */
export interface SchemaOption<Input, Output> {
  /** Any Standard Schema, as of Zod, Valibot or ArkType: reads what the codec gives back. */
  readonly schema: StandardSchema<Input, Output>;
}

/** What may be written where a schema reads it: what it reads, as far as its type says, and what it gives back. */
export type GivenTo<Input, Output> = unknown extends Input ? Output : Input | Output;
