import assert from 'node:assert/strict';
import { Controller, Get, Inject, Injectable, Module, Param, Scope } from '@nestjs/common';
import { LazyModuleLoader, REQUEST } from '@nestjs/core';
import { Cacheable, CacheEvict, CachePut, CacheService } from 'nestjs-momento';
import { type Checks, withApp, withPlainApp } from './running-app.js';

/** What is asked when no cache answers. */
@Injectable()
class Source {
  reads = 0;

  read(name: string): string {
    return `${name} ${++this.reads}`;
  }
}

@Injectable()
class Prices {
  constructor(protected readonly source: Source) {}

  @Cacheable({ key: (id: string) => `price:${id}`, ttlSeconds: 60, tags: ['prices'] })
  async find(id: string): Promise<string> {
    return this.source.read(id);
  }

  @CachePut({ key: (id: string) => `price:${id}` })
  async save(_id: string, price: string): Promise<string> {
    return price;
  }

  @CacheEvict({ keys: (id: string) => [`price:${id}`] })
  async remove(_id: string): Promise<void> {}

  @CacheEvict({ tags: ['prices'] })
  async removeAll(): Promise<void> {}
}

/** Has its parent's method, and one of its own that is declared once more. */
@Injectable()
class SpecialPrices extends Prices {
  @Cacheable({ key: () => 'special', ttlSeconds: 60 })
  async special(): Promise<string> {
    return this.source.read('special');
  }

  @CachePut({ key: (id: string) => `special:${id}` })
  override async save(id: string, price: string): Promise<string> {
    return super.save(id, `special ${price}`);
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestedPrices extends Prices {
  constructor(
    source: Source,
    @Inject(REQUEST) readonly request: { readonly url: string },
  ) {
    super(source);
  }
}

@Controller()
class PricesController {
  constructor(private readonly source: Source) {}

  @Get('above/:id')
  @Cacheable({ key: (id: string) => `above:${id}`, ttlSeconds: 60 })
  async above(@Param('id') id: string): Promise<string> {
    return this.source.read(id);
  }

  @Cacheable({ key: (id: string) => `below:${id}`, ttlSeconds: 60 })
  @Get('below/:id')
  async below(@Param('id') id: string): Promise<string> {
    return this.source.read(id);
  }
}

@Controller('requested')
class RequestedController {
  constructor(private readonly prices: RequestedPrices) {}

  @Get(':id')
  async find(@Param('id') id: string) {
    return { url: this.prices.request.url, price: await this.prices.find(id) };
  }
}

@Injectable()
class LazyPrices extends Prices {}

@Module({ providers: [Source, LazyPrices] })
class LazyModule {}

const parts = {
  controllers: [PricesController, RequestedController],
  providers: [Source, Prices, SpecialPrices, RequestedPrices],
};

/** Asks twice; the answer is what a cache makes the same. */
async function twice(ask: () => Promise<string>): Promise<readonly string[]> {
  return [await ask(), await ask()];
}

export const declaredChecks: Checks = {
  'a provider’s methods are cached, written and evicted': (framework) =>
    withApp(framework, parts, async ({ app }) => {
      const prices = app.get(Prices);
      const find = () => prices.find('a');
      assert.deepEqual(await twice(find), ['a 1', 'a 1']);
      assert.equal(await app.get(CacheService).get('price:a'), 'a 1');
      assert.equal(await prices.save('a', 'saved'), 'saved');
      assert.deepEqual(await twice(find), ['saved', 'saved']);
      await prices.remove('a');
      assert.deepEqual(await twice(find), ['a 2', 'a 2']);
      await prices.removeAll();
      assert.deepEqual(await twice(find), ['a 3', 'a 3']);
    }),

  'a subclass has its parent’s cached methods and its own': (framework) =>
    withApp(framework, parts, async ({ app }) => {
      const prices = app.get(SpecialPrices);
      assert.deepEqual(await twice(() => prices.find('a')), ['a 1', 'a 1']);
      assert.deepEqual(await twice(() => prices.special()), ['special 2', 'special 2']);
      await prices.save('a', 'saved');
      const cache = app.get(CacheService);
      assert.equal(await cache.get('special:a'), 'special saved');
      assert.equal(await prices.find('a'), 'special saved');
      // The parent's own objects know nothing of what is declared below them.
      await app.get(Prices).save('b', 'saved');
      assert.equal(await cache.get('special:b'), undefined);
    }),

  'a controller’s methods are cached, with @Get above and below': (framework) =>
    withApp(framework, parts, async ({ ask }) => {
      const text = async (path: string) => (await ask(path)).text;
      assert.deepEqual(await twice(() => text('/above/a')), ['a 1', 'a 1']);
      assert.deepEqual(await twice(() => text('/below/a')), ['a 2', 'a 2']);
      assert.equal(await text('/below/b'), 'b 3');
    }),

  'the methods of a request-scoped provider are cached': (framework) =>
    withApp(framework, parts, async ({ app, ask }) => {
      for (const url of ['/requested/a', '/requested/a?again'])
        assert.equal((await ask(url)).text, JSON.stringify({ url, price: 'a 1' }));
      assert.equal(app.get(Source).reads, 1);
    }),

  'the methods of a lazily loaded module are cached': (framework) =>
    withApp(framework, {}, async ({ app }) => {
      const loaded = await app.get(LazyModuleLoader).load(() => LazyModule);
      const prices = loaded.get(LazyPrices);
      assert.deepEqual(await twice(() => prices.find('a')), ['a 1', 'a 1']);
      assert.equal(await app.get(CacheService).get('price:a'), 'a 1');
    }),

  'two apps of a process do not mix': (framework) =>
    withApp(framework, parts, async ({ app: one }) =>
      withApp(framework, parts, async ({ app: other }) => {
        await one.get(Prices).save('a', 'of one');
        assert.equal(await one.get(Prices).find('a'), 'of one');
        assert.equal(await other.get(Prices).find('a'), 'a 1');
        await other.get(Prices).removeAll();
        assert.equal(await one.get(Prices).find('a'), 'of one');
      }),
    ),

  'an app without the module is plain': (framework) =>
    withPlainApp(framework, parts, async ({ app, ask }) => {
      assert.deepEqual(await twice(() => app.get(Prices).find('a')), ['a 1', 'a 2']);
      assert.equal(await app.get(Prices).save('a', 'saved'), 'saved');
      await app.get(Prices).removeAll();
      assert.deepEqual(await twice(async () => (await ask('/above/a')).text), ['a 3', 'a 4']);
    }),
};
