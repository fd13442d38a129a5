import type { DecoratorOf } from './method-types.js';

export type Method = (this: object, ...args: unknown[]) => Promise<unknown>;

/** What a decorator sees of a method, whatever its types. */
interface Descriptor {
  value?: unknown;
}

/**
 * A decorator that puts a method in the place of another one, with its name and its metadata: so `@Get`, `@OnEvent` or `@Cron`
 * may stand above or below.
 *
 * @param prepare called once for a decorated method; what it returns makes the method
 */
export function methodDecorator(
  prepare: (target: object) => (original: Method) => Method,
): DecoratorOf<never, never> {
  return (target: object, name: string | symbol, descriptor: Descriptor) => {
    const original = descriptor.value;
    // Of a static one there is no object whose app could be asked.
    if (typeof original !== 'function' || typeof target === 'function')
      throw new TypeError(
        `${String(name)}: the decorators of the cache are for methods, not for static ones.`,
      );
    const decorated = prepare(target)(original as Method);
    for (const member of ['name', 'length'] as const)
      Object.defineProperty(decorated, member, { value: original[member], configurable: true });
    for (const key of Reflect.getMetadataKeys(original) as unknown[])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), decorated);
    descriptor.value = decorated;
  };
}
