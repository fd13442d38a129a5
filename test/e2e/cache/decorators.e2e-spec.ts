import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, Param, Scope } from '@nestjs/common';
import { ContextIdFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  Cacheable,
  CacheEvict,
  CachePut,
  CacheService,
  defineCache,
  MomentoCacheError,
  MomentoModule,
} from 'nestjs-momento';
import { overrideMomento } from 'nestjs-momento/testing';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { keep, startWith, options } = useApps(servers);

interface Profile {
  readonly id: number;
  readonly orgId: string;
}

const orders = defineCache<Profile, number>('orders', { key: (id) => `order:${id}`, ttlSeconds: 60 });

@Injectable()
class Profiles {
  readonly calls: unknown[] = [];
  constructor(@Inject('source') readonly source: (id: number) => Profile | undefined) {}

  @Cacheable({
    key: (id: number) => `profile:${id}`,
    ttlSeconds: 60,
    tags: ({ orgId }: Profile) => [`org:${orgId}`],
    if: (id) => id > 0,
  })
  async find(id: number): Promise<Profile | undefined> {
    this.calls.push(id);
    return this.source(id);
  }

  async findTwice(id: number) {
    return [await this.find(id), await this.find(id)];
  }

  @Cacheable({ key: (id: number) => id, cache: orders })
  async order(id: number): Promise<Profile> {
    this.calls.push(id);
    return { id, orgId: 'typed' };
  }

  @Cacheable({ key: (id: number) => `profile:${id}`, cache: 'others' })
  async other(id: number): Promise<Profile> {
    this.calls.push(id);
    return { id, orgId: 'other' };
  }

  @Cacheable({ key: (key: string) => key })
  async withoutKey(key: string): Promise<number> {
    return this.calls.push(key);
  }

  @CachePut({ key: (profile: Profile) => `profile:${profile.id}`, ttlSeconds: 60 })
  async save(profile: Profile, answer: unknown = profile): Promise<unknown> {
    return answer;
  }

  @CachePut({ key: (id: number) => `profile:${id}` })
  async saveNothing(_id: number): Promise<undefined> {
    return undefined;
  }

  @CacheEvict({ keys: (id: number) => [`profile:${id}`] })
  async remove(id: number, isFailing = false): Promise<number> {
    if (isFailing) throw new Error(`cannot remove ${id}`);
    return id;
  }

  @CacheEvict({ keys: (id: number) => [`profile:${id}`], before: true })
  async removeFirst(_id: number): Promise<void> {
    throw new Error('cannot remove');
  }

  @CacheEvict({ keysOfResult: (id: number) => [`profile:${id}`] })
  async removeSome(): Promise<number> {
    return 7;
  }

  @CacheEvict({ keys: (id: number) => ['', `profile:${id}`] })
  async removeWrongly(id: number): Promise<number> {
    return id;
  }

  @CacheEvict({
    keys: (id: number) => [`profile:${id}`],
    keysOfResult: () => {
      throw new Error('no such\nresult');
    },
  })
  async removeByNothing(id: number): Promise<number> {
    return id;
  }

  @CachePut({ key: () => '' })
  async saveWithoutKey(id: number): Promise<number> {
    return id;
  }

  @Cacheable({ key: (id: number) => `profile:${id}`, connection: 'analytics' })
  async analytics(id: number): Promise<number> {
    return this.calls.push(id);
  }

  @CacheEvict({ tags: (orgId: string) => [`org:${orgId}`] })
  async removeOrg(_orgId: string): Promise<void> {}
}

const ada: Profile = { id: 7, orgId: 'a' };
const source = { provide: 'source', useValue: () => ada };

async function startProfiles() {
  const app = await startWith({ imports: [MomentoModule.forRoot(options())], providers: [Profiles, source] });
  return { app, profiles: app.get(Profiles), cache: app.get(CacheService) };
}

describe('a method that is @Cacheable', () => {
  it('runs once for however many ask, those inside the class as well', async () => {
    const { profiles, cache } = await startProfiles();
    expect(await Promise.all([profiles.find(7), profiles.find(7), profiles.findTwice(7)])).toEqual([
      ada,
      ada,
      [ada, ada],
    ]);
    expect(profiles.calls).toEqual([7]);
    expect(await cache.get('profile:7')).toEqual(ada);
  });

  it('is plain where `if` says so, with `new`, without an object, and in an app without the module', async () => {
    const { profiles, cache } = await startProfiles();
    await profiles.find(-1);
    await profiles.find(-1);
    expect(profiles.calls).toEqual([-1, -1]);
    expect(await cache.get('profile:-1')).toBeUndefined();
    // Of no object: what asks for none runs all the same.
    const { value } = Object.getOwnPropertyDescriptor(Profiles.prototype, 'removeOrg') ?? {};
    await Reflect.apply(value as Profiles['removeOrg'], undefined, ['a']);
    const app = await startWith({ providers: [Profiles, source] });
    for (const plain of [new Profiles(() => ada), app.get(Profiles)]) {
      expect([await plain.find(7), await plain.find(7)]).toEqual([ada, ada]);
      expect(plain.calls).toEqual([7, 7]);
    }
  });

  it('uses the cache that it names, by name or by definition, without a forFeature as well', async () => {
    servers.momento.createCache('others');
    const { profiles, cache } = await startProfiles();
    for (let count = 0; count < 2; count += 1) {
      expect(await profiles.order(7)).toEqual({ id: 7, orgId: 'typed' });
      expect(await profiles.other(7)).toEqual({ id: 7, orgId: 'other' });
    }
    expect(profiles.calls).toEqual([7, 7]);
    expect(await cache.get('order:7')).toEqual({ id: 7, orgId: 'typed' });
    expect(await cache.cache('others').get('profile:7')).toEqual({ id: 7, orgId: 'other' });
    expect(await cache.get('profile:7')).toBeUndefined();
  });

  it('uses the cache of its module’s forFeature, with its keys', async () => {
    const feature = { cacheName: 'others', keyPrefix: 'o:' };
    servers.momento.createCache('others');
    const app = await startWith({
      imports: [MomentoModule.forRoot(options()), MomentoModule.forFeature([feature])],
      providers: [Profiles, source],
    });
    await app.get(Profiles).other(7);
    expect(await app.get(CacheService).cache('others').get('o:profile:7')).toEqual({ id: 7, orgId: 'other' });
  });

  it('uses the connection that it names, and is plain where there is none of that name', async () => {
    servers.momento.createCache('others');
    const named = MomentoModule.forRoot({ ...options({ cacheName: 'others' }), name: 'analytics' });
    const app = await startWith({
      imports: [MomentoModule.forRoot(options()), named],
      providers: [Profiles, source],
    });
    const profiles = app.get(Profiles);
    expect([await profiles.analytics(7), await profiles.analytics(7)]).toEqual([1, 1]);
    expect(await app.get(CacheService).cache('others').get('profile:7')).toBe(1);
    const { profiles: without } = await startProfiles();
    expect([await without.analytics(7), await without.analytics(7)]).toEqual([1, 2]);
  });

  it('uses the cache in memory of overrideMomento', async () => {
    const builder = Test.createTestingModule({
      imports: [MomentoModule.forRoot(options())],
      providers: [Profiles, source],
    });
    const app = keep(await overrideMomento(builder).compile());
    expect([await app.get(Profiles).find(7), await app.get(Profiles).find(7)]).toEqual([ada, ada]);
    expect(app.get(Profiles).calls).toEqual([7]);
    expect(servers.momento.requestCount()).toBe(0);
  });

  it('belongs to the app that made its object', async () => {
    const [one, other] = [await startProfiles(), await startProfiles()];
    await one.app.close();
    for (const { profiles } of [one, one, other, other]) expect(await profiles.find(7)).toEqual(ada);
    // What is closed is a cache that fails: each call runs the method.
    expect([one, other].map(({ profiles }) => profiles.calls)).toEqual([[7, 7], [7]]);
  });

  it('runs while Momento is down', async () => {
    const { profiles } = await startProfiles();
    await servers.momento.stop();
    expect(await profiles.find(7)).toEqual(ada);
  });

  it('rejects with advice when its function gives no key, and does not run', async () => {
    const { profiles } = await startProfiles();
    const failure: unknown = await profiles.withoutKey('').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MomentoCacheError);
    expect(String(failure)).toContain('the key is not a filled string');
    expect(profiles.calls).toEqual([]);
  });

  it('asks the CacheService that a test puts in its place', async () => {
    const getOrSet = vi.fn<() => Promise<string>>(async () => 'fake');
    const app = await startWith({
      providers: [Profiles, source, { provide: CacheService, useValue: { getOrSet } }],
    });
    expect(await app.get(Profiles).find(7)).toBe('fake');
    expect(getOrSet).toHaveBeenCalledWith(
      'profile:7',
      expect.any(Function),
      expect.objectContaining({ ttlSeconds: 60 }),
    );
  });

  it('is cached in request-scoped and transient providers, and in subclasses', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class OfRequest extends Profiles {}
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Profiles {
      @Cacheable({ key: () => 'own' })
      async own(): Promise<number> {
        return this.calls.push('own');
      }
    }
    const app = await startWith({
      imports: [MomentoModule.forRoot(options())],
      providers: [OfRequest, Transient, source],
    });
    const objects = [
      await app.resolve(OfRequest, ContextIdFactory.create()),
      await app.resolve(OfRequest, ContextIdFactory.create()),
      await app.resolve(Transient),
    ];
    for (const object of objects) expect(await object.find(7)).toEqual(ada);
    expect(objects.map(({ calls }) => calls)).toEqual([[7], [], []]);
    const transient = await app.resolve(Transient);
    expect([await transient.own(), await transient.own()]).toEqual([1, 1]);
  });

  it('is cached in controllers, with @Get above or below; name and metadata stay', async () => {
    @Controller()
    class Catalog {
      calls = 0;
      @Get('above/:id')
      @Cacheable({ key: (id: string) => `above:${id}` })
      async above(@Param('id') _id: string): Promise<number> {
        return ++this.calls;
      }
      @Cacheable({ key: (id: string) => `below:${id}` })
      @Get('below/:id')
      async below(@Param('id') _id: string): Promise<number> {
        return ++this.calls;
      }
    }
    @Module({ imports: [MomentoModule.forRoot(options())], controllers: [Catalog] })
    class AppModule {}
    const app = (await startWith({ imports: [AppModule] })).createNestApplication();
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const answers: string[] = [];
    for (const path of ['above/1', 'above/1', 'below/1', 'below/1', 'below/2'])
      answers.push(await (await fetch(`${url}/${path}`)).text());
    await app.close();
    expect(answers).toEqual(['1', '1', '2', '2', '3']);
    expect([Catalog.prototype.above.name, Catalog.prototype.below.length]).toEqual(['above', 1]);
  });

  it('leaves nothing to see in what prints the object', async () => {
    const { profiles } = await startProfiles();
    await profiles.find(7);
    expect(inspect(profiles)).not.toMatch(/Symbol|CacheService/);
    expect(Object.keys(profiles)).toEqual(['source', 'calls']);
  });
});

describe('a method that is @CachePut', () => {
  it('runs each time, and what it answers is what is cached', async () => {
    const { profiles } = await startProfiles();
    await profiles.find(7);
    const changed = { id: 7, orgId: 'b' };
    expect(await profiles.save(changed)).toBe(changed);
    expect(await profiles.find(7)).toEqual(changed);
  });

  it('that answers `undefined` evicts what was cached', async () => {
    const { profiles, cache } = await startProfiles();
    await cache.set('profile:7', 'former');
    expect(await profiles.saveNothing(7)).toBeUndefined();
    expect(await cache.get('profile:7')).toBeUndefined();
  });

  it('that answers what cannot be stored leaves no former value, and does not fail', async () => {
    const { profiles, cache } = await startProfiles();
    await cache.set('profile:7', 'former');
    expect(await profiles.save(ada, 10n)).toBe(10n);
    expect(await cache.get('profile:7')).toBeUndefined();
  });

  it('answers while Momento is down, and what was there is evicted later', async () => {
    const { profiles, cache } = await startProfiles();
    await servers.momento.stop();
    expect(await profiles.save(ada)).toBe(ada);
    expect(cache.stats().pendingEvictions).toBe(1);
  });
});

describe('a method that is @CacheEvict', () => {
  it('has evicted when its caller hears of it, after its success alone', async () => {
    const { profiles, cache } = await startProfiles();
    await cache.set('profile:7', ada);
    await expect(profiles.remove(7, true)).rejects.toThrow('cannot remove 7');
    expect(await cache.get('profile:7')).toEqual(ada);
    expect(await profiles.remove(7)).toBe(7);
    expect(await cache.get('profile:7')).toBeUndefined();
  });

  it('has evicted before it runs when asked, whether it fails or not', async () => {
    const { profiles, cache } = await startProfiles();
    await cache.set('profile:7', ada);
    await expect(profiles.removeFirst(7)).rejects.toThrow('cannot remove');
    expect(await cache.get('profile:7')).toBeUndefined();
  });

  it('may look at the result, and at tags', async () => {
    const { profiles, cache } = await startProfiles();
    await profiles.find(7);
    await profiles.removeSome();
    expect(await cache.get('profile:7')).toBeUndefined();
    await profiles.find(7);
    await profiles.removeOrg('another');
    expect(await cache.get('profile:7')).toEqual(ada);
    await profiles.removeOrg('a');
    expect(await cache.get('profile:7')).toBeUndefined();
  });

  it('answers while Momento is down, and is carried out later', async () => {
    const { profiles, cache } = await startProfiles();
    await servers.momento.stop();
    expect(await profiles.remove(7)).toBe(7);
    expect(cache.stats().pendingEvictions).toBe(1);
  });
});

describe('what goes wrong after a method has done its work', () => {
  const logs = captureLogs();

  it('does not fail it, is said in a line, and leaves nothing else undone', async () => {
    const { profiles, cache } = await startProfiles();
    logs.start();
    await cache.set('profile:7', ada);
    for (let count = 0; count < 300; count += 1) expect(await profiles.removeWrongly(7)).toBe(7);
    expect(await cache.get('profile:7')).toBeUndefined();
    await cache.set('profile:7', ada);
    expect(await profiles.removeByNothing(7)).toBe(7);
    expect(await cache.get('profile:7')).toBeUndefined();
    expect(await profiles.saveWithoutKey(7)).toBe(7);
    expect(logs.lines).toEqual([
      expect.stringMatching(/^warn \[CacheService\] After removeWrongly: .*the key is not a filled string/),
      'warn [CacheService] After removeByNothing: no such result',
      expect.stringMatching(/^warn \[CacheService\] After saveWithoutKey: .*the key is not a filled string/),
    ]);
  });
});

it('a static method is refused where it is declared', () => {
  expect(() => {
    class Wrong {
      @Cacheable({ key: () => 'key' })
      static async find(): Promise<number> {
        return 1;
      }
    }
    return Wrong;
  }).toThrow('find: the decorators of the cache are for methods, not for static ones.');
});
