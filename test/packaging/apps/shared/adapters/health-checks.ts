import assert from 'node:assert/strict';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { MomentoHealthIndicator } from 'nestjs-momento/health';
import { type Checks, withApp } from '../running-app.js';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly momento: MomentoHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.momento.isHealthy('momento')]);
  }
}

const parts = {
  imports: [TerminusModule],
  controllers: [HealthController],
  providers: [MomentoHealthIndicator],
};

export const healthChecks: Checks = {
  'a health check is 200 while Momento answers, and 503 while it does not': (framework) =>
    withApp(framework, parts, async ({ ask, momento }) => {
      const up = await ask('/health');
      assert.equal(up.status, 200, up.text);
      assert.equal(JSON.parse(up.text).info.momento.breaker, 'closed');
      momento.faults.fail('keys-exist', 'PERMISSION_DENIED', { times: 1 });
      const down = await ask('/health');
      assert.equal(down.status, 503, down.text);
      assert.equal(JSON.parse(down.text).error.momento.reason, 'PERMISSION_ERROR');
      assert.equal((await ask('/health')).status, 200);
    }),
};
