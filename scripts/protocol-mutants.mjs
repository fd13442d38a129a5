// Leaves out one rule of the protocol between processes at a time, and tells which the properties over a fleet do not miss:
// npm run mutants -- --protocol
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const properties = [
  'src/cache/load/fleet-tags.faked-time.spec.ts',
  'src/cache/load/fleet-near.faked-time.spec.ts',
];

const named = 'in a fleet, with tags that are named';
const told = 'in a fleet, with tags that the value tells';
const alone = 'in one process, with tags that are named';
const near = 'a fleet with near caches';

/** Each: a rule, where it is missed, its file, what stands there, and what stands there without the rule. */
const rules = [
  [
    'lease: who misses takes one',
    named,
    'src/cache/load/slots.ts',
    "request.policy.singleFlight === 'process'",
    'true',
  ],
  [
    'fence: a value is stored in place of its lease alone',
    named,
    'src/cache/load/leases.ts',
    'return (await this.#store.setIfPresentAndHashEqual({ key, value, ttlSeconds }, hash)) !== undefined;',
    'await this.#store.set({ key, value, ttlSeconds });\n    return hash.length > 0;',
  ],
  [
    'who joined a fenced load asks again',
    named,
    'src/cache/load/loading.ts',
    'isShared = await filling;',
    'isShared = await filling.then(() => true);',
  ],
  [
    'who joined a load without a lease asks again',
    named,
    'src/cache/load/slots.ts',
    'const unsharedSlot: Slot = { fill: async () => false };',
    'const unsharedSlot: Slot = { fill: async () => true };',
  ],
  [
    'nonces are those from before the load',
    named,
    'src/cache/tags/tag-markers.ts',
    'return marksOf(markerKeys, before);',
    'return marksOf(markerKeys, await this.marksFor(markerKeys));',
  ],
  [
    'what is young is not stored, when only the value tells the tags',
    told,
    'src/cache/tags/tag-markers.ts',
    'invalidatedAtMs > startedAtMs - clockSkewMs',
    'invalidatedAtMs > startedAtMs + 1_000 * clockSkewMs',
  ],
  [
    'markers are read again when somebody joined',
    named,
    'src/cache/load/loading.ts',
    'isShared && isJoined && found.answered',
    'isShared && isJoined && !found.answered',
  ],
  [
    'a marker that is gone makes values invalid',
    named,
    'src/cache/tags/marker.ts',
    "return typeof marker === 'object' && Buffer.compare(marker.nonce, nonce) === 0;",
    "return typeof marker !== 'object' || Buffer.compare(marker.nonce, nonce) === 0;",
  ],
  [
    'a flight that began before an invalidation is not handed to who asks after it',
    alone,
    'src/cache/load/read-through.ts',
    'return this.#tagChanges.hasOutrun(flight);',
    'return this.#tagChanges.hasOutrun({ tagEpoch: Infinity, markerKeys: [] });',
  ],
  [
    'a near cache drops what is changed',
    near,
    'src/cache/near/near-level.ts',
    '    for (const { cache } of this.#opened) cache.drop(hash);',
    '',
  ],
  [
    'nothing of a key is kept for a while after a change',
    near,
    'src/cache/near/drops.ts',
    'const quietMs = 2_000;',
    'const quietMs = 0;',
  ],
  [
    'other processes are told of changed keys',
    near,
    'src/cache/load/cache-context.ts',
    '      near.tell(fullKeys);',
    '',
  ],
  [
    'other processes are told of invalidated tags',
    near,
    'src/cache/load/cache-context.ts',
    '      level.tell(markerKeys);',
    '',
  ],
  [
    'a near cache drops what hangs on an invalidated tag',
    near,
    'src/cache/near/near-cache.ts',
    'const hashes = [fullKey, ...dependsOn].map(hashOf);',
    'const hashes = [fullKey, ...dependsOn].slice(0, 1).map(hashOf);',
  ],
];

/** @returns the rules that the properties do not miss */
export function findUnnoticedRules() {
  const unnoticed = [];
  for (const [rule, where, file, from, to] of rules) {
    const source = readFileSync(file, 'utf8');
    if (source.split(from).length !== 2) throw new Error(`${file} has not exactly one: ${from}`);
    const restore = () => writeFileSync(file, source);
    const end = () => {
      restore();
      process.exit(1);
    };
    process.once('SIGINT', end);
    try {
      writeFileSync(file, source.replace(from, to));
      const startedAtMs = performance.now();
      const { status } = spawnSync('npx', ['vitest', 'run', ...properties, '--bail', '1', '-t', where], {
        env: { ...process.env, PROTOCOL_RUNS: '3000' },
        stdio: 'ignore',
      });
      const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
      console.log(`${status === 0 ? 'NOT NOTICED' : 'noticed    '} after ${seconds} s: ${rule}`);
      if (status === 0) unnoticed.push(rule);
    } finally {
      restore();
      process.off('SIGINT', end);
    }
  }
  return unnoticed;
}
