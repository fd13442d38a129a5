import assert from 'node:assert/strict';
import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { seconds, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { CacheService } from 'nestjs-momento';
import { type MomentoThrottlerOptions, MomentoThrottlerStorage } from 'nestjs-momento/throttler';
import { type Checks, type Parts, withApp } from '../running-app.js';

@Controller()
class HomeController {
  @Get('limited')
  home(): string {
    return 'home';
  }
}

const limited = (options?: MomentoThrottlerOptions): Parts => ({
  imports: [
    ThrottlerModule.forRootAsync({
      inject: [CacheService],
      useFactory: (cache: CacheService) => ({
        throttlers: [{ ttl: seconds(60), limit: 2 }],
        storage: new MomentoThrottlerStorage(cache, { timeoutSeconds: 5, ...options }),
      }),
    }),
  ],
  controllers: [HomeController],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
});

export const throttlerChecks: Checks = {
  'a guard counts at Momento, and refuses who is blocked without asking it': (framework) =>
    withApp(framework, limited(), async ({ ask, momento }) => {
      const answers = [await ask('/limited'), await ask('/limited'), await ask('/limited')];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 429],
      );
      assert.equal(answers[1]?.headers.get('x-ratelimit-remaining'), '0');
      assert.ok(Number(answers[2]?.headers.get('retry-after')) > 50);
      const before = momento.requestCount();
      assert.equal((await ask('/limited')).status, 429);
      assert.equal(momento.requestCount(), before);
    }),

  'a guard lets pass while Momento fails, or refuses': async (framework) => {
    for (const [fails, status] of [
      ['open', 200],
      ['closed', 429],
    ] as const)
      await withApp(framework, limited({ fails }), async ({ ask, momento, logged }) => {
        momento.faults.fail('dictionary-increment', 'PERMISSION_DENIED');
        for (let count = 0; count < 3; count += 1) assert.equal((await ask('/limited')).status, status);
        assert.equal(logged.length, 1);
      });
  },
};
