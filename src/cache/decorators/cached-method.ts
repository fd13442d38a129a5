import { connectionLogger } from '../../foundation/connection-logger.js';
import { LogThrottle } from '../../foundation/log-throttle.js';
import { describeError } from '../../foundation/text/describe-error.js';
import { CacheOfMethods, type MethodCache, type MethodCacheOptions } from './method-cache.js';
import type { DecoratorOf } from './method-types.js';

type Method = (this: object | undefined, ...args: unknown[]) => Promise<unknown>;

export interface CachedMethodOptions extends MethodCacheOptions {
  readonly if?: ((...args: unknown[]) => boolean) | undefined;
}

/**
 * What becomes of a call.
 *
 * @param proceed runs the method itself
 * @param after does, one after the other, what follows a method that has done its work: what fails is said in the log, and keeps
 * neither its caller from the answer nor the rest from being done
 */
export type Around = (
  cache: MethodCache,
  args: unknown[],
  proceed: () => Promise<unknown>,
  after: (...steps: (() => Promise<void>)[]) => Promise<void>,
) => Promise<unknown>;

/** What a decorator sees of a method, whatever its types. */
interface Descriptor {
  value?: unknown;
}

/**
 * A decorator that puts a method in the place of another one, with its name and its metadata: so `@Get`, `@OnEvent` or `@Cron`
 * may stand above or below. Where there is no cache, or `if` says so, it is the other one.
 */
export function cachedMethod(
  { if: condition, ...which }: CachedMethodOptions,
  around: Around,
): DecoratorOf<never, never> {
  return (target: object, name: string | symbol, descriptor: Descriptor) => {
    const original = descriptor.value as Method | undefined;
    // Of a static one there is no object whose app could be asked.
    if (typeof original !== 'function' || typeof target === 'function')
      throw new TypeError(
        `${String(name)}: the decorators of the cache are for methods, not for static ones.`,
      );
    const caches = new CacheOfMethods(target, which);
    const after = afterMethod(original.name, which.connection);
    // No async function, which would cost as much as a near hit.
    const decorated: Method = function (...args) {
      try {
        const cache = condition?.(...args) === false ? undefined : caches.of(this);
        if (cache === undefined) return original.apply(this, args);
        return around(cache, args, () => original.apply(this, args), after);
      } catch (error) {
        return Promise.reject(error);
      }
    };
    for (const member of ['name', 'length'] as const)
      Object.defineProperty(decorated, member, { value: original[member], configurable: true });
    for (const key of Reflect.getMetadataKeys(original) as unknown[])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), decorated);
    descriptor.value = decorated;
  };
}

function afterMethod(methodName: string, connectionName: string | undefined): Parameters<Around>[3] {
  const logger = connectionLogger('CacheService', connectionName);
  const throttle = new LogThrottle();
  return async (...steps) => {
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        const line = `After ${methodName}: ${describeError(error)}`;
        throttle.say(methodName, line, (text) => logger.warn(text));
      }
    }
  };
}
