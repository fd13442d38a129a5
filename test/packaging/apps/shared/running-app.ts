import assert from 'node:assert/strict';
import { type INestApplication, type LoggerService, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { fromMomentoLocal, MomentoModule, type MomentoModuleOptions } from 'nestjs-momento';
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
  readonly url: string;
  /** What was logged as an error or a warning since the app stands. */
  readonly logged: readonly string[];
  ask(path: string, request?: RequestInit): Promise<Answer>;
  /** Closes it before its time. @returns how long that took, in milliseconds */
  close(): Promise<number>;
}

type Use<Running extends RunningApp = RunningApp> = (running: Running) => Promise<void>;

/** What is in the app, beside the module; and what the module is given, beside where Momento is. */
export interface Parts extends ModuleMetadata {
  readonly momento?: MomentoModuleOptions;
}

/** Runs an app on an embedded Momento of its own, and closes both. */
export async function withApp(
  framework: Framework,
  { imports = [], momento: options, ...metadata }: Parts,
  use: Use<RunningApp & { readonly momento: MomentoLocal }>,
): Promise<void> {
  const momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
  try {
    const connection = MomentoModule.forRoot({
      credentials: fromMomentoLocal({ port: momento.port }),
      cacheName: 'demo-cache',
      ...options,
    });
    const parts = { ...metadata, imports: [connection, ...imports] };
    await withPlainApp(framework, parts, (running) => use({ ...running, momento }));
  } finally {
    await momento.stop();
  }
}

/** Runs an app of these parts alone. */
export async function withPlainApp(framework: Framework, metadata: ModuleMetadata, use: Use): Promise<void> {
  @Module(metadata)
  class AppModule {}
  const adapter = framework === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const logged: string[] = [];
  const app = await NestFactory.create<INestApplication>(AppModule, adapter, {
    logger: recorder(logged),
    abortOnError: false,
  });
  let closed: Promise<void> | undefined;
  const close = async () => {
    const began = performance.now();
    closed ??= app.close();
    await closed;
    return performance.now() - began;
  };
  try {
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    await use({ app, url, logged, ask: (path, request) => ask(`${url}${path}`, request), close });
  } catch (error) {
    console.error(logged.join('\n'));
    throw error;
  } finally {
    await close();
  }
}

function recorder(lines: string[]): LoggerService {
  const record = (message: unknown, ...more: readonly unknown[]) =>
    void lines.push([message, ...more].map(String).join(' '));
  return { log: () => undefined, error: record, warn: record };
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
