import assert from 'node:assert/strict';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  Next,
  Param,
  Post,
  Redirect,
  Res,
  Sse,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { CacheEvict, CacheTags, CacheTtl, HttpCache, MomentoCacheInterceptor, NoCache } from 'nestjs-momento';
import { map, of, type Observable } from 'rxjs';
import { type Checks, until, withApp } from './running-app.js';

interface Sending {
  send(body: unknown): unknown;
}

interface User {
  readonly name: string;
  readonly password: string;
}

interface Headed {
  header(name: string, value: string): unknown;
}

/** Changes answers, and each time in another way: what it does to a hit would be seen. */
@Injectable()
class Serializing implements NestInterceptor {
  passed = 0;

  intercept(_context: ExecutionContext, next: CallHandler<User | undefined>): Observable<unknown> {
    // A hit is sent before it comes here, as undefined.
    return next.handle().pipe(map((user) => ({ name: user?.name, passed: ++this.passed })));
  }
}

@Controller('items')
@UseInterceptors(MomentoCacheInterceptor)
@CacheTtl(60)
class ItemsController {
  calls = 0;

  @Get('of/:id')
  @CacheTags((request: { readonly params: { readonly id: string } }) => [`item:${request.params.id}`])
  find(@Param('id') id: string) {
    return { id, call: ++this.calls };
  }

  @Post('of/:id')
  @CacheEvict({ tags: (id: string) => [`item:${id}`] })
  async change(@Param('id') id: string) {
    return { id };
  }

  @Get('uncached')
  @NoCache()
  uncached() {
    return { call: ++this.calls };
  }

  @Get('stale')
  @HttpCache({ ttlSeconds: 0.3, staleSeconds: 60 })
  stale() {
    return { call: ++this.calls };
  }

  @Sse('events')
  events() {
    return of({ data: `call ${++this.calls}` });
  }

  @Get('own')
  own(@Res() response: Sending) {
    response.send({ call: ++this.calls });
  }

  @Get('next')
  next(@Next() _next: unknown, @Res() response: Sending) {
    response.send({ call: ++this.calls });
  }

  @Get('passthrough')
  passthrough(@Res({ passthrough: true }) response: Headed) {
    response.header('link', '</2>; rel="next"');
    return { call: ++this.calls };
  }

  @Get('redirect')
  @Redirect('/elsewhere', 301)
  @HttpCache({ statuses: [301] })
  redirect() {
    return { url: `/elsewhere/${++this.calls}` };
  }
}

@Controller('users')
@UseInterceptors(Serializing, MomentoCacheInterceptor)
class UsersController {
  @Get()
  find(): User {
    return { name: 'Ada', password: 'secret' };
  }
}

@Controller('plain')
class PlainController {
  calls = 0;

  @Get()
  find() {
    return { call: ++this.calls };
  }
}

const items = { controllers: [ItemsController] };

export const httpChecks: Checks = {
  'a GET is a miss and then a hit, and its ETag answers 304': (framework) =>
    withApp(framework, items, async ({ app, ask }) => {
      const [first, second] = [await ask('/items/of/7'), await ask('/items/of/7')];
      assert.deepEqual([first.cache, second.cache], ['MISS', 'HIT']);
      assert.deepEqual([first.text, second.text], ['{"id":"7","call":1}', '{"id":"7","call":1}']);
      const etag = first.headers.get('etag') ?? '';
      assert.match(etag, /^"\S+"$/);
      assert.equal(second.headers.get('etag'), etag);
      const third = await ask('/items/of/7', { headers: { 'if-none-match': etag } });
      assert.deepEqual([third.status, third.text, third.headers.get('etag')], [304, '', etag]);
      assert.equal(app.get(ItemsController).calls, 1);
    }),

  'a cookie and @NoCache pass through': (framework) =>
    withApp(framework, items, async ({ ask }) => {
      await ask('/items/of/7');
      const withCookie = await ask('/items/of/7', { headers: { cookie: 'session=1' } });
      assert.deepEqual([withCookie.cache, withCookie.text], [null, '{"id":"7","call":2}']);
      for (const call of [3, 4]) {
        const { cache, text } = await ask('/items/uncached');
        assert.deepEqual([cache, text], [null, `{"call":${call}}`]);
      }
    }),

  '@CacheEvict on a POST evicts by tag what a GET has cached': (framework) =>
    withApp(framework, items, async ({ ask }) => {
      await ask('/items/of/7');
      await ask('/items/of/8');
      assert.equal((await ask('/items/of/7', { method: 'POST' })).status, 201);
      assert.equal((await ask('/items/of/7')).cache, 'MISS');
      assert.equal((await ask('/items/of/8')).cache, 'HIT');
    }),

  'what is stored is what was sent, whatever interceptor is around': (framework) =>
    withApp(framework, { controllers: [UsersController], providers: [Serializing] }, async ({ ask }) => {
      for (const expected of ['MISS', 'HIT', 'HIT']) {
        const { cache, text } = await ask('/users');
        assert.deepEqual([cache, text], [expected, '{"name":"Ada","passed":1}']);
      }
    }),

  'Nest keeps what a route says under the names that the interceptor reads': async () => {
    const keys = (method: string) =>
      Object.keys(Reflect.getMetadata('__routeArguments__', ItemsController, method) as object)
        .map((name) => name.split(':', 1).join())
        .sort();
    assert.equal(Reflect.getMetadata('__sse__', ItemsController.prototype.events), true);
    assert.equal(Reflect.getMetadata('__responsePassthrough__', ItemsController, 'passthrough'), true);
    assert.deepEqual([keys('own'), keys('next')], [['1'], ['1', '2']]);
  },

  '@Sse, @Res and @Next pass through': (framework) =>
    withApp(framework, items, async ({ ask }) => {
      let call = 0;
      for (const [path, text] of [
        ['events', 'call'],
        ['own', '"call":'],
        ['next', '"call":'],
      ])
        for (const _ of [1, 2]) {
          const answer = await ask(`/items/${path}`);
          assert.deepEqual([answer.status, answer.cache], [200, null]);
          assert.match(answer.text, new RegExp(`${text} ?${++call}\\b`));
        }
    }),

  '@Res({ passthrough }) and @Redirect are cached with their headers': (framework) =>
    withApp(framework, items, async ({ ask }) => {
      for (const expected of ['MISS', 'HIT']) {
        const { cache, headers, text } = await ask('/items/passthrough');
        assert.deepEqual([cache, headers.get('link'), text], [expected, '</2>; rel="next"', '{"call":1}']);
      }
      // Express names `Accept` in the Vary of a redirect, which is known only behind the first one.
      const first = await ask('/items/redirect');
      const location = framework === 'express' ? '/elsewhere/3' : '/elsewhere/2';
      const again = framework === 'express' ? ['MISS', 'HIT'] : ['HIT', 'HIT'];
      assert.equal(first.cache, 'MISS');
      for (const expected of again) {
        const { cache, headers, status } = await ask('/items/redirect');
        assert.deepEqual([cache, headers.get('location'), status], [expected, location, 301]);
      }
    }),

  'what is stale is sent, and refreshed behind': (framework) =>
    withApp(framework, items, async ({ ask }) => {
      assert.equal((await ask('/items/stale')).cache, 'MISS');
      await until('it is stale, and as it was', async () => {
        const { cache, text } = await ask('/items/stale');
        assert.equal(text, '{"call":1}');
        return cache === 'STALE';
      });
      await until('it is refreshed', async () => {
        const { cache, text } = await ask('/items/stale');
        assert.ok(cache === 'HIT' || cache === 'STALE');
        return text === '{"call":2}';
      });
    }),

  'as APP_INTERCEPTOR it is at work on all routes': (framework) =>
    withApp(
      framework,
      {
        controllers: [PlainController],
        providers: [{ provide: APP_INTERCEPTOR, useClass: MomentoCacheInterceptor }],
      },
      async ({ app, ask }) => {
        assert.equal((await ask('/plain')).cache, 'MISS');
        assert.equal((await ask('/plain')).cache, 'HIT');
        assert.equal(app.get(PlainController).calls, 1);
      },
    ),
};
