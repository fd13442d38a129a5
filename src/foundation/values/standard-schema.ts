import { showPlace } from './value-path.js';

/**
 * What this library needs of a Standard Schema (https://standardschema.dev), which Zod, Valibot, ArkType and others are. Written
 * out, as the specification proposes, so that the published types need no further package.
 *
 * @typeParam Input what it reads
 * @typeParam Output what it gives back
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** Its message may quote the value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** So many places of a value are named in a message. */
const mostPlaces = 5;

/** That a value does not fit, and where; never the value. */
export class SchemaMisfit extends Error {
  constructor(readonly issues: readonly SchemaIssue[]) {
    const places = [...new Set(issues.map(({ path = [] }) => showPlace(path.map(nameOf))))];
    const more = places.length > mostPlaces ? ' and more' : '';
    super(`it does not fit the schema at ${places.slice(0, mostPlaces).join(', ')}${more}`);
    Object.defineProperty(this, 'issues', { enumerable: false });
  }
}

/**
 * What the schema makes of a value; at once, unless the schema needs time.
 *
 * @throws SchemaMisfit; what the schema throws
 */
export function applySchema(schema: StandardSchema, value: unknown): unknown {
  const result = schema['~standard'].validate(value);
  return result instanceof Promise ? result.then(outputOf) : outputOf(result);
}

function outputOf(result: SchemaResult<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  throw new SchemaMisfit(result.issues);
}

function nameOf(segment: PropertyKey | { readonly key: PropertyKey }): PropertyKey {
  return typeof segment === 'object' ? segment.key : segment;
}
