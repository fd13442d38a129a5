import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CacheService } from 'nestjs-momento';
import { MomentoLocal } from 'nestjs-momento/local';
import { MomentoTestingModule } from 'nestjs-momento/testing';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ItemsModule } from '../../../sample/items/items.module.js';

let app: INestApplication;

beforeEach(async () => {
  const moduleRef = await Test.createTestingModule({
    imports: [MomentoTestingModule.forRoot(), ItemsModule],
  }).compile();
  app = await moduleRef.createNestApplication().init();
});
afterEach(async () => {
  await app.close();
});

describe('one feature module on MomentoTestingModule', () => {
  it('stores what was loaded, for as long as the module says', async () => {
    const http = request(app.getHttpServer());
    expect((await http.get('/items/1')).headers).toMatchObject({ 'x-cache': 'MISS' });
    expect((await http.get('/items/1')).headers).toMatchObject({ 'x-cache': 'HIT' });
    expect(await app.get(CacheService).get('item:1')).toEqual({ id: '1', name: 'Item 1' });
  });

  it('begins each test with an empty cache', async () => {
    expect(await app.get(CacheService).has('item:1')).toBe(false);
  });

  it('lets the cache fail', async () => {
    for (const rpc of ['get', 'get-batch'] as const)
      app.get(MomentoLocal).faults.fail(rpc, 'PERMISSION_DENIED');
    const http = request(app.getHttpServer());
    const answers = [await http.get('/items/1').expect(200), await http.get('/items/1').expect(200)];
    expect(answers.map(({ headers }) => headers['x-cache'])).toEqual(['MISS', 'MISS']);
  });

  it('moves time with `now`', async () => {
    let nowMs = Date.now();
    const moduleRef = await Test.createTestingModule({
      imports: [MomentoTestingModule.forRoot({ now: () => nowMs, defaultTtlSeconds: 60 })],
    }).compile();
    onTestFinished(() => moduleRef.close());
    const cache = moduleRef.get(CacheService);
    await cache.set('key', 1);
    nowMs += 59_000;
    expect(await cache.get('key')).toBe(1);
    nowMs += 1_000;
    expect(await cache.get('key')).toBeUndefined();
  });
});
