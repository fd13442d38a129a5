import { CacheClient, Configurations, TopicClient } from '@gomomento/sdk';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CacheService, fromSecretsManager, MomentoModule } from 'nestjs-momento';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { AppModule } from '../../../sample/app.module.js';
import { EventsModule } from '../../../sample/events/events.module.js';
import { HealthModule } from '../../../sample/health/health.module.js';
import { ItemsModule } from '../../../sample/items/items.module.js';
import { RawModule } from '../../../sample/raw/raw.module.js';
import { useSample } from './sample.fixture.js';

const sample = useSample();

@Injectable()
class ReportsService {
  constructor(
    readonly cache: CacheService,
    readonly cacheClient: CacheClient,
    readonly topicClient: TopicClient,
  ) {}
}

@Module({ providers: [ReportsService] })
class ReportsModule {}

const getSecretValueCalls = () => sample.secrets.callCount('GetSecretValue');

describe('the whole app, its key read from the embedded Secrets Manager', () => {
  it('misses, then hits', async () => {
    const app = await sample.start(Test.createTestingModule({ imports: [AppModule] }));
    const http = request(app.getHttpServer());

    const first = await http.get('/items/1').expect(200, { id: '1', name: 'Item 1' });
    const second = await http.get('/items/1').expect(200, { id: '1', name: 'Item 1' });

    expect([first.headers['x-cache'], second.headers['x-cache']]).toEqual(['MISS', 'HIT']);
  });

  it('reads the secret once for all modules, injections and requests', async () => {
    const app = await sample.start(Test.createTestingModule({ imports: [AppModule, ReportsModule] }));
    expect(getSecretValueCalls()).toBe(1);

    const http = request(app.getHttpServer());
    await Promise.all(['/items/1', '/items/2', '/health'].map((path) => http.get(path).expect(200)));
    await http.put('/raw/code').send({ value: '12345' }).expect(200);
    await http.post('/events/news').send({ text: 'hello' }).expect(202);

    const { cache, cacheClient, topicClient } = app.get(ReportsService);
    expect(cache).toBe(app.get(CacheService));
    expect(cacheClient).toBe(app.get(CacheClient));
    expect(topicClient).toBe(app.get(TopicClient));
    expect(getSecretValueCalls()).toBe(1);
    expect(sample.secrets.calls).toMatchObject([
      { secretId: 'Momento_Auth_Token', versionStage: 'AWSCURRENT', region: 'us-west-2', status: 200 },
    ]);
    expect(new Set(sample.momento.requests.map(({ keyId }) => keyId))).toEqual(new Set(['key-1']));
  });

  it('reads the secret once for 10,000 concurrent gets', async () => {
    const momento = MomentoModule.forRoot({
      credentials: fromSecretsManager(),
      endpoint: sample.momento.endpoints,
      // Ten thousand gets at once keep this process from answering keepalives, and take longer than an in-region call may.
      configuration: Configurations.Lambda.latest().withClientTimeoutMillis(60_000),
      // One on schedule might fall into that time.
      refresh: false,
      cacheName: 'demo-cache',
    });
    const imports = [momento, ItemsModule, RawModule, EventsModule, HealthModule];
    const app = await sample.start(Test.createTestingModule({ imports }));
    const cache = app.get(CacheService);
    const keys = Array.from({ length: 10_000 }, (_, index) => `greeting ${index}`);
    await cache.setMany(keys.map((key) => [key, 'hello'] as const));

    const gets = keys.map((key) => cache.get<string>(key));

    expect(new Set(await Promise.all(gets))).toEqual(new Set(['hello']));
    expect(sample.momento.requestCount('get-batch')).toBe(100);
    expect(getSecretValueCalls()).toBe(1);
  }, 60_000);
});
