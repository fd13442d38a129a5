import keyvTestSuite from '@keyv/test-suite';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { CacheService, fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import { KeyvMomento } from 'nestjs-momento/keyv';
import { MomentoLocal } from 'nestjs-momento/local';
import * as vitest from 'vitest';

const { afterAll, beforeAll, describe } = vitest;

/** One app for all of it: each of its tests clears what the last one left. */
describe.each([
  ['as it is', {}],
  ['with a near cache', { nearCache: {} }],
])('KeyvMomento, by the test suite of Keyv, %s', (_name, cache) => {
  let momento: MomentoLocal;
  let app: TestingModule;

  beforeAll(async () => {
    momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
    const credentials = fromMomentoLocal({ port: momento.port });
    const root = MomentoModule.forRoot({ credentials, cacheName: 'demo-cache', cache });
    app = await Test.createTestingModule({ imports: [root] }).compile();
  });

  afterAll(async () => {
    await app.close();
    await momento.stop();
  });

  keyvTestSuite(vitest, Keyv, () => new KeyvMomento(app.get(CacheService)));
});
