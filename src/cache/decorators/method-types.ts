/** What the decorators of the cache can stand on: a cache answers later. */
type AsyncMethod = (...args: never[]) => Promise<unknown>;

/** The method itself when its arguments begin with `A` and what it resolves to, but for `undefined`, is an `R`; else `never`. */
type Fits<M extends AsyncMethod, A extends readonly unknown[], R> =
  Parameters<M> extends readonly [...A, ...unknown[]]
    ? Exclude<Awaited<ReturnType<M>>, undefined> extends R
      ? M
      : never
    : never;

/**
 * Stands on methods alone, of these arguments and values: anything else does not compile.
 *
 * @typeParam A the first arguments of the method, as far as the options ask for them
 * @typeParam R what the options take the method's value for
 */
export type DecoratorOf<A extends readonly unknown[], R = unknown> = <M extends AsyncMethod>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & TypedPropertyDescriptor<Fits<M, A, R>>,
) => void;
