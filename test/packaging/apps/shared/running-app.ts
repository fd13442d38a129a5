import assert from 'node:assert/strict';
import { type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import { MomentoLocal } from 'nestjs-momento/local';

export const frameworks = ['express', 'fastify'] as const;
export type Framework = (typeof frameworks)[number];

/** What each of Nest 11 and 12 has to do on each framework, by its name; rejects when it does not. */
export type Checks = Readonly<Record<string, (framework: Framework) => Promise<void>>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** What `MomentoCacheInterceptor` says; null where it has not been at work. */
  readonly cache: string | null;
  readonly text: string;
}

export interface RunningApp {
  readonly app: INestApplication;
  ask(path: string, request?: RequestInit): Promise<Answer>;
}

type Use = (running: RunningApp) => Promise<void>;

/** Runs an app on an embedded Momento of its own, and closes both. */
export async function withApp(
  framework: Framework,
  { imports = [], ...metadata }: ModuleMetadata,
  use: Use,
): Promise<void> {
  const momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
  try {
    const connection = MomentoModule.forRoot({
      credentials: fromMomentoLocal({ port: momento.port }),
      cacheName: 'demo-cache',
    });
    await withPlainApp(framework, { ...metadata, imports: [connection, ...imports] }, use);
  } finally {
    await momento.stop();
  }
}

/** Runs an app of these parts alone. */
export async function withPlainApp(framework: Framework, metadata: ModuleMetadata, use: Use): Promise<void> {
  @Module(metadata)
  class AppModule {}
  const adapter = framework === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create<INestApplication>(AppModule, adapter, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  try {
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    await use({ app, ask: (path, request) => ask(`${url}${path}`, request) });
  } finally {
    await app.close();
  }
}

async function ask(url: string, request: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...request });
  const { status, headers } = response;
  return { status, headers, cache: headers.get('x-cache'), text: await response.text() };
}

/** Waits for what happens behind, with a limit that only a failure meets. */
export async function until(what: string, isDone: () => Promise<boolean>): Promise<void> {
  const limit = Date.now() + 10_000;
  while (!(await isDone())) {
    assert.ok(Date.now() < limit, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
