import { Test } from '@nestjs/testing';
import { MomentoCredentials, TopicService } from 'nestjs-momento';
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
});
