import { CacheClient, CacheGet, CacheSet, TopicClient, TopicPublish } from '@gomomento/sdk';
import type { INestApplication, Type } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { CacheService, TopicService } from 'nestjs-momento';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { AppModule } from '../../../sample/app.module.js';
import { useSample } from './sample.fixture.js';

const sample = useSample();

class FakeCacheService {
  async getOrSet() {
    return { id: '1', name: 'of the override' };
  }
}

class FakeTopicService {
  readonly published: unknown[] = [];

  async publish(topic: string, value: unknown) {
    this.published.push([topic, value]);
  }
}

class FakeCacheClient {
  readonly items = new Map<string, Uint8Array>();

  async get(_cacheName: string, key: string) {
    const value = this.items.get(key);
    return value === undefined ? new CacheGet.Miss() : new CacheGet.Hit(value);
  }

  async set(_cacheName: string, key: string, value: string) {
    this.items.set(key, Buffer.from(value));
    return new CacheSet.Success();
  }
}

class FakeTopicClient {
  readonly published: unknown[] = [];

  async publish(cacheName: string, topic: string, value: string) {
    this.published.push([cacheName, topic, value]);
    return new TopicPublish.Success();
  }
}

interface Override {
  readonly token: Type;
  readonly Fake: new () => object;
  /** Shows that the controllers, or the services they inject, see the override. */
  readonly use: (app: INestApplication) => Promise<void>;
}

const overrides: readonly Override[] = [
  {
    token: CacheService,
    Fake: FakeCacheService,
    use: async (app) => {
      await request(app.getHttpServer()).get('/items/1').expect(200, { id: '1', name: 'of the override' });
    },
  },
  {
    token: TopicService,
    Fake: FakeTopicService,
    use: async (app) => {
      await request(app.getHttpServer()).post('/events/news').send({ text: 'hello' }).expect(202);
      const { published } = app.get<FakeTopicService>(TopicService);
      expect(published).toEqual([['news', { text: 'hello' }]]);
    },
  },
  {
    token: CacheClient,
    Fake: FakeCacheClient,
    use: async (app) => {
      const http = request(app.getHttpServer());
      await http.put('/raw/code').send({ value: '12345' }).expect(200);
      await http.get('/raw/code').expect(200, { value: '12345' });
      // What it cannot do, as to read tags with an answer, is a miss.
      for (const _ of [1, 2])
        await http.get('/items/1').expect(200, { id: '1', name: 'Item 1' }).expect('x-cache', 'MISS');
      const { items } = app.get<FakeCacheClient>(CacheClient);
      expect([...items.keys()]).toEqual(['raw:code', 'item:1']);
    },
  },
  {
    token: TopicClient,
    Fake: FakeTopicClient,
    use: async (app) => {
      await request(app.getHttpServer()).post('/events/news').send({ text: 'hello' }).expect(202);
      const { published } = app.get<FakeTopicClient>(TopicClient);
      expect(published).toEqual([['demo-cache', 'news', '{"text":"hello"}']]);
    },
  },
];

type Way = (builder: TestingModuleBuilder, override: Override) => TestingModuleBuilder;

const ways: Readonly<Record<'useValue' | 'useClass' | 'useFactory', Way>> = {
  useValue: (builder, { token, Fake }) => builder.overrideProvider(token).useValue(new Fake()),
  useClass: (builder, { token, Fake }) => builder.overrideProvider(token).useClass(Fake),
  useFactory: (builder, { token, Fake }) =>
    builder.overrideProvider(token).useFactory({ factory: () => new Fake() }),
};

describe.each(overrides)('overrideProvider($token.name) alone', (override) => {
  it.each(Object.entries(ways))('%s: no secret is read and nothing is connected', async (_, apply) => {
    const app = await sample.start(apply(Test.createTestingModule({ imports: [AppModule] }), override));

    expect(app.get(override.token)).toBeInstanceOf(override.Fake);
    await override.use(app);

    await app.close();
    expect(sample.secrets.callCount()).toBe(0);
    expect(sample.momento.connectionsAccepted).toBe(0);
  });
});
