import { cache } from '@gomomento/generated-types';
import { READS, type RpcName } from './grpc/services.js';

const { ECacheResult: CacheResult } = cache.cache_client;

/** The lists in which responses hold one part for each thing that was asked for. */
const PART_FIELDS = ['items', 'elements'];

/** Counts how often what was asked for was there: one for each read, or for each key, field or value that it names. */
export class HitTally {
  hits = 0;
  misses = 0;

  count(rpc: RpcName, response: object): void {
    if (READS.has(rpc)) {
      for (const isHit of outcomesOf(response)) {
        this.hits += isHit ? 1 : 0;
        this.misses += isHit ? 0 : 1;
      }
    }
  }
}

/** What a response says was there and was not; nothing when it is no answer of that kind. */
function outcomesOf(response: object): boolean[] {
  if (has(response, 'missing')) {
    return [false];
  }
  if (has(response, 'found')) {
    const found = Object(Reflect.get(response, 'found'));
    const parts = PART_FIELDS.map((field): unknown => Reflect.get(found, field)).find(Array.isArray) ?? [];
    const outcomes = parts.flatMap((part: unknown) => outcomeOf(part));
    return outcomes.length === 0 ? [true] : outcomes;
  }
  return outcomeOf(has(response, 'element_rank') ? Reflect.get(response, 'element_rank') : response);
}

function outcomeOf(part: unknown): boolean[] {
  const result: unknown = Reflect.get(Object(part), 'result');
  return result === CacheResult.Hit || result === CacheResult.Miss ? [result === CacheResult.Hit] : [];
}

function has(response: object, field: string): boolean {
  return Reflect.get(response, `has_${field}`) === true;
}
