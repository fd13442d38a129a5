import assert from 'node:assert/strict';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { MomentoCacheInterceptor } from 'nestjs-momento';
import type { AddressInfo, Server } from 'node:net';
import { firstValueFrom, type Observable } from 'rxjs';
import { type Checks, withApp } from './running-app.js';

/** That global interceptors are at work on messages as well. */
@Injectable()
class Kinds implements NestInterceptor {
  readonly seen: string[] = [];

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.seen.push(context.getType());
    return next.handle();
  }
}

@Controller()
class CountController {
  calls = 0;

  @Get('count')
  @MessagePattern('count')
  count() {
    return { call: ++this.calls };
  }
}

const parts = {
  controllers: [CountController],
  providers: [
    Kinds,
    { provide: APP_INTERCEPTOR, useExisting: Kinds },
    { provide: APP_INTERCEPTOR, useClass: MomentoCacheInterceptor },
  ],
};

export const hybridChecks: Checks = {
  'a hybrid app caches its routes and not its messages': (framework) =>
    withApp(framework, parts, async ({ app, ask }) => {
      const listening = { host: '127.0.0.1', port: 0 };
      const microservice = app.connectMicroservice(
        { transport: Transport.TCP, options: listening },
        { inheritAppConfig: true },
      );
      await app.startAllMicroservices();
      const { port } = microservice.unwrap<Server>().address() as AddressInfo;
      const client = ClientProxyFactory.create({
        transport: Transport.TCP,
        options: { ...listening, port },
      });
      try {
        for (const call of [1, 2])
          assert.equal((await firstValueFrom(client.send<{ call: number }>('count', {}))).call, call);
        for (const expected of ['MISS', 'HIT']) {
          const { cache, text } = await ask('/count');
          assert.deepEqual([cache, text], [expected, '{"call":3}']);
        }
        assert.deepEqual(app.get(Kinds).seen, ['rpc', 'rpc', 'http', 'http']);
      } finally {
        await client.close();
      }
    }),
};
