import {
  CacheGetBatch,
  CacheSetBatch,
  CacheClient,
  CacheGet,
  CacheSet,
  InternalServerError,
  MomentoErrorCode,
} from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { MomentoCacheError } from '../foundation/momento.errors.js';
import { CacheService } from './cache.service.js';

const hit = (value: unknown) => new CacheGet.Hit(Buffer.from(JSON.stringify(value)));
const failure = () => new InternalServerError('one item failed');

/** Answers batches as a faulty service would; MomentoLocal answers each item. */
function cacheAnswering(answers: {
  readonly get?: CacheGet.Response[];
  readonly set?: CacheSet.Response[];
}): CacheService {
  const client = Object.assign(Object.create(CacheClient.prototype) as CacheClient, {
    getBatch: async (_cacheName: string, keys: string[]) =>
      new CacheGetBatch.Success(
        answers.get ?? [],
        keys.map((key) => Buffer.from(key)),
      ),
    setBatch: async () => new CacheSetBatch.Success(answers.set ?? []),
  });
  return new CacheService(client, 'demo-cache');
}

describe('a batch that is answered in part', () => {
  it('gives each key its own value', async () => {
    const cache = cacheAnswering({ get: [hit('a'), new CacheGet.Miss(), hit('c')] });
    expect(await cache.getMany(['one', 'two', 'three'])).toEqual(
      new Map([
        ['one', 'a'],
        ['three', 'c'],
      ]),
    );
  });

  it.each([
    ['too short', [hit('a'), hit('c')]],
    ['empty', []],
    ['too long', [hit('a'), hit('b'), hit('c'), hit('d')]],
  ])('and is %s gives no key the value of another, and says so', async (_case, get) => {
    const cache = cacheAnswering({ get });
    await expect(cache.getMany(['one', 'two', 'three'])).rejects.toMatchObject({
      constructor: MomentoCacheError,
      code: MomentoErrorCode.INTERNAL_SERVER_ERROR,
      message: expect.stringContaining(`the answer holds ${get.length} of 3 items`),
    });
  });

  it('with an error among its items is no miss, and names the operation', async () => {
    const cache = cacheAnswering({ get: [hit('a'), new CacheGet.Error(failure())] });
    await expect(cache.getMany(['one', 'two'])).rejects.toMatchObject({
      constructor: MomentoCacheError,
      code: MomentoErrorCode.INTERNAL_SERVER_ERROR,
      operation: { name: 'getMany', cacheName: 'demo-cache' },
    });
  });

  it('with an error among its writes rejects, as does one that lacks an answer', async () => {
    const entries = [
      ['one', 1],
      ['two', 2],
    ] as const;
    const answers = [[new CacheSet.Success(), new CacheSet.Error(failure())], [new CacheSet.Success()]];
    for (const set of answers) {
      await expect(cacheAnswering({ set }).setMany(entries)).rejects.toMatchObject({
        constructor: MomentoCacheError,
        operation: { name: 'setMany' },
      });
    }
  });
});
