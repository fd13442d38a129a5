import { CacheClient } from '@gomomento/sdk';
import { CacheContext, type CacheContextOptions } from './cache-context.js';
import type { CacheBinding } from '../options/cache.options.js';
import { CacheService } from '../cache.service.js';
import { MemoryStore } from '../remote/memory-store.fixture.js';

const client = Object.create(CacheClient.prototype) as CacheClient;

/** A cache over the model of a store; `process()` gives another one over the same items, as another process has it. */
export function startCache(
  binding: CacheBinding = {},
  options: CacheContextOptions = {},
  items: MemoryStore['items'] = new Map(),
) {
  const process = (own: CacheBinding = binding) => {
    const store = new MemoryStore({ items, now: () => Date.now() });
    const context = new CacheContext({ ...options, makeStore: () => store });
    return { store, context, cache: new CacheService(client, 'demo-cache', own, context) };
  };
  return { ...process(), process };
}

/** A loader that answers 1, 2, 3…, and how often it ran. */
export function startLoader() {
  const loader = Object.assign(async () => (loader.runs += 1), { runs: 0 });
  return loader;
}

export function deferred<T>() {
  const settle: { resolve?: (value: T) => void; reject?: (error: unknown) => void } = {};
  const promise = new Promise<T>((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return {
    promise,
    resolve: (value: T) => settle.resolve?.(value),
    reject: (error: unknown) => settle.reject?.(error),
  };
}
