import { type INestApplication, type ModuleMetadata, Module } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { MomentoModule, type MomentoModuleOptions } from 'nestjs-momento';
import request from 'supertest';
import { afterEach } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

export const frameworks = ['express', 'fastify'] as const;
export type Framework = (typeof frameworks)[number];

export interface HttpApp {
  readonly app: INestApplication;
  /** Of the server that listens. */
  readonly url: string;
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<request.Response>;
  readonly send: (
    method: 'head' | 'post' | 'put',
    path: string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<request.Response>;
}

/** Apps of each framework, on the embedded servers, closed after the test. */
export function useHttpApps() {
  const servers = useEmbeddedServers();
  const { options } = useApps(servers);
  const running: INestApplication[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((app) => app.close()));
  });
  async function startHttp(
    framework: Framework,
    { imports = [], ...metadata }: ModuleMetadata,
    momento: MomentoModuleOptions = {},
    prepare: (app: INestApplication) => unknown = () => undefined,
  ): Promise<HttpApp> {
    @Module({ ...metadata, imports: [MomentoModule.forRoot(options(momento)), ...imports] })
    class App {}
    const compiled = await Test.createTestingModule({ imports: [App] }).compile();
    const adapter = framework === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
    const app = compiled.createNestApplication(adapter, { logger: false });
    await prepare(app);
    await app.listen(0, '127.0.0.1');
    running.push(app);
    const url = await app.getUrl();
    const send: HttpApp['send'] = async (method, path, headers = {}) =>
      request(url)[method](path).set(headers);
    return { app, url, send, get: async (path, headers = {}) => request(url).get(path).set(headers) };
  }
  return { servers, startHttp, options };
}
