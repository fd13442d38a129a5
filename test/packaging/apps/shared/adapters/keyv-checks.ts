import assert from 'node:assert/strict';
import { Keyv } from 'keyv';
import { CacheService } from 'nestjs-momento';
import { KeyvMomento } from 'nestjs-momento/keyv';
import { type Checks, withApp } from '../running-app.js';

export const keyvChecks: Checks = {
  'a Keyv has its store at Momento': (framework) =>
    withApp(framework, {}, async ({ app, momento, logged }) => {
      const cache = app.get(CacheService);
      const open = (namespace: string) => new Keyv({ store: new KeyvMomento(cache), namespace, ttl: 60_000 });
      const [users, orders] = [open('users'), open('orders')];
      await users.set('key', { name: 'Ada' });
      await orders.setMany([
        { key: 'key', value: 1 },
        { key: 'other', value: 2 },
      ]);
      assert.deepEqual(await open('users').get('key'), { name: 'Ada' });
      assert.deepEqual(await orders.get(['key', 'none', 'other']), [1, undefined, 2]);
      assert.deepEqual(await orders.has(['key', 'none']), [true, false]);
      assert.equal(await orders.delete('key'), true);
      assert.equal(await orders.delete('key'), false);
      await users.clear();
      assert.equal(await users.get('key'), undefined);
      assert.equal(await orders.get('other'), 2);
      assert.deepEqual(logged, []);

      const errors: unknown[] = [];
      users.on('error', (error: unknown) => errors.push(error));
      momento.faults.fail('get', 'PERMISSION_DENIED', { times: 1 });
      assert.equal(await users.get('key'), undefined);
      assert.match(String(errors), /^MomentoCacheError: get /);
      await users.disconnect();
      await cache.set('after', 1);
    }),

  'KeyvMomento is taken for a store of Keyv 5 by the bridge of Keyv 6: its functions are async': async () => {
    const names = ['get', 'has', 'hasMany', 'set', 'setMany', 'delete', 'deleteMany', 'clear'] as const;
    for (const name of names) assert.equal(KeyvMomento.prototype[name].constructor.name, 'AsyncFunction');
  },
};
