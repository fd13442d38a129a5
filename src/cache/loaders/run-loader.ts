import { TimeLimit, TimeLimitExceeded } from '../../foundation/time/time-limit.js';
import type { CacheLoaderContext } from '../options/cache.options.js';
import { MomentoLoaderTimeoutError } from './loader.errors.js';

/**
 * Runs a loader within its time, if it has one.
 *
 * @throws MomentoLoaderTimeoutError when it took longer; the loader's signal is aborted then
 * @throws what the loader throws
 */
export async function runLoader<C extends Pick<CacheLoaderContext, 'signal'>, T>(
  loader: (context: C) => T | Promise<T>,
  context: C,
  { name, timeoutSeconds }: { readonly name: string; readonly timeoutSeconds: number | undefined },
): Promise<T> {
  if (timeoutSeconds === undefined) return loader(context);
  const limit = new TimeLimit(timeoutSeconds * 1000, context.signal);
  try {
    const work = Promise.resolve(loader({ ...context, signal: limit.signal }));
    return await limit.race(work);
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error;
    if (context.signal.aborted) throw context.signal.reason;
    throw new MomentoLoaderTimeoutError(name, timeoutSeconds);
  } finally {
    limit.release();
  }
}
