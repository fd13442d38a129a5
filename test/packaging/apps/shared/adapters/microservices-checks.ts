import assert from 'node:assert/strict';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientsModule,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
} from '@nestjs/microservices';
import { fromMomentoLocal, MomentoModule, TopicService } from 'nestjs-momento';
import {
  MomentoClientProxy,
  MomentoContext,
  MomentoRequestError,
  MomentoServer,
} from 'nestjs-momento/microservices';
import { from, lastValueFrom, type Observable, toArray } from 'rxjs';
import { type Checks, type Framework, type RunningApp, until, withApp } from '../running-app.js';

@Controller()
class SumController {
  readonly heard: unknown[] = [];

  @MessagePattern({ cmd: 'sum' })
  async sum(@Payload() numbers: number[], @Ctx() context: MomentoContext): Promise<unknown> {
    return [numbers.reduce((one, other) => one + other, 0), context.getTopic()];
  }

  @MessagePattern('stream')
  stream(@Payload() numbers: number[]): Observable<number> {
    return from(numbers);
  }

  @MessagePattern('refuse')
  refuse(@Payload() why: unknown): never {
    throw new RpcException({ why });
  }

  @EventPattern('happened')
  happened(@Payload() value: unknown): void {
    this.heard.push(value);
  }
}

const clients = ClientsModule.registerAsync([
  {
    name: 'SUMS',
    inject: [TopicService],
    useFactory: (topics: TopicService) => ({
      customClass: MomentoClientProxy,
      options: { topics, timeoutMs: 500 },
    }),
  },
]);

async function checkClient(client: MomentoClientProxy, sums: SumController): Promise<void> {
  const ask = (pattern: unknown, data: unknown) =>
    lastValueFrom(client.send<unknown>(pattern, data).pipe(toArray()));
  assert.deepEqual(await ask({ cmd: 'sum' }, [1, 2, 3]), [[6, 'rpc/{"cmd":"sum"}']]);
  assert.deepEqual(await ask('stream', [1, 2, 3]), [1, 2, 3]);
  await assert.rejects(ask('refuse', 'full'), { why: 'full' });
  await assert.rejects(ask('nobody', 1), (error) => {
    assert.ok(error instanceof MomentoRequestError);
    assert.equal(error.code, 'no-answer');
    return true;
  });
  client.emit('happened', { id: 7 });
  await until('the event', async () => sums.heard.length === 1);
  assert.deepEqual(sums.heard, [{ id: 7 }]);
  assert.equal(client.stats().pending, 0);
}

const withClient = (framework: Framework, controllers: (typeof SumController)[], use: Use) =>
  withApp(framework, { imports: [clients], controllers }, use);
type Use = Parameters<typeof withApp>[2];

const clientOf = ({ app }: RunningApp) => app.get<MomentoClientProxy>('SUMS');

export const microserviceChecks: Checks = {
  'a hybrid app answers requests, hears events, and unsubscribes when it closes': (framework) =>
    withClient(framework, [SumController], async (running) => {
      const { app, momento, close } = running;
      const strategy = new MomentoServer({ topics: app.get(TopicService) });
      app.connectMicroservice({ strategy }, { inheritAppConfig: true });
      await app.startAllMicroservices();
      await checkClient(clientOf(running), app.get(SumController));
      await close();
      await until('no subscription is left', async () => momento.stats().subscriptions === 0);
    }),

  'a microservice alone answers requests of another app': (framework) =>
    withClient(framework, [], async (running) => {
      const { momento } = running;
      const credentials = fromMomentoLocal({ port: momento.port });
      @Module({
        imports: [MomentoModule.forRoot({ credentials, cacheName: 'demo-cache' })],
        controllers: [SumController],
      })
      class SumModule {}
      // Nest 11.0 takes no strategy from a factory.
      const topics = (): TopicService => service.get(TopicService);
      const strategy = new MomentoServer({ topics });
      const service = await NestFactory.createMicroservice(SumModule, { strategy, logger: false });
      await service.listen();
      try {
        await checkClient(clientOf(running), service.get(SumController));
      } finally {
        await service.close();
      }
    }),
};
