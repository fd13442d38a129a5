import { Test } from '@nestjs/testing';
import { CacheService, MomentoCredentials, TopicService } from 'nestjs-momento';
import { MomentoLocal } from 'nestjs-momento/local';
import { overrideMomento } from 'nestjs-momento/testing';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { AppModule } from '../../../sample/app.module.js';
import { useSample } from './sample.fixture.js';

const sample = useSample();

const start = () => sample.start(overrideMomento(Test.createTestingModule({ imports: [AppModule] })));

/** The servers that the environment leads to are there, and nobody comes. */
function expectUntouched(): void {
  expect(sample.secrets.callCount()).toBe(0);
  expect(sample.momento.connectionsAccepted).toBe(0);
}

describe('overrideMomento', () => {
  it('boots without the secret and without Momento', async () => {
    await start();
    expectUntouched();
  });

  it('leaves an app that works, on a cache inside the process', async () => {
    const app = await start();
    const http = request(app.getHttpServer());

    expect((await http.get('/items/1')).headers).toMatchObject({ 'x-cache': 'MISS' });
    expect((await http.get('/items/1')).headers).toMatchObject({ 'x-cache': 'HIT' });
    await http.put('/raw/code').send({ value: '12345' }).expect(200);
    await http.get('/raw/code').expect(200, { value: '12345' });
    const { body } = await http.get('/health').expect(200);
    expect(body).toMatchObject({ status: 'ok' });
    expect(app.get(MomentoCredentials).status()).toMatchObject({ source: 'Momento embedded in the test' });

    const received: unknown[] = [];
    await app.get(TopicService).subscribe('news', ({ value }) => void received.push(value));
    await http.post('/events/news').send({ text: 'hello' }).expect(202);
    await expect.poll(() => received).toEqual([{ text: 'hello' }]);

    await app.close();
    expectUntouched();
  });

  it('gives each app an empty cache of its own', async () => {
    const [one, other] = [await start(), await start()];
    await request(one.getHttpServer()).put('/raw/code').send({ value: '12345' }).expect(200);
    await request(other.getHttpServer()).get('/raw/code').expect(404);
  });

  it('gives the Momento inside the process, before it is used, to make calls fail and to see them', async () => {
    const app = await start();
    const momento = app.get(MomentoLocal);
    momento.faults.fail('get', 'PERMISSION_DENIED', { times: 1 });
    expect(momento.connectionsAccepted).toBe(0);
    await expect(app.get(CacheService).get('key')).rejects.toMatchObject({ code: 'PERMISSION_ERROR' });
    await app.get(CacheService).set('key', 1);
    expect(await app.get(CacheService).get('key')).toBe(1);
    expect(momento.requestCount('get')).toBe(2);
    expectUntouched();
  });

  it('moves time with `now`', async () => {
    let nowMs = Date.now();
    const builder = overrideMomento(Test.createTestingModule({ imports: [AppModule] }), { now: () => nowMs });
    const cache = (await sample.start(builder)).get(CacheService);
    await cache.set('key', 1, { ttlSeconds: 60 });
    nowMs += 59_000;
    expect(await cache.get('key')).toBe(1);
    nowMs += 1_000;
    expect(await cache.get('key')).toBeUndefined();
  });
});
