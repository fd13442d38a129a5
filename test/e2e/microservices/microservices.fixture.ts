import 'reflect-metadata';
import type { INestApplication, INestMicroservice, LoggerService, ModuleMetadata } from '@nestjs/common';
import type { AsyncMicroserviceOptions, MicroserviceOptions } from '@nestjs/microservices';
import { Test, type TestingModule } from '@nestjs/testing';
import { MomentoModule, type MomentoModuleOptions, TopicService } from 'nestjs-momento';
import {
  MomentoClientProxy,
  type MomentoClientOptions,
  MomentoServer,
  type MomentoServerOptions,
} from 'nestjs-momento/microservices';
import { afterEach } from 'vitest';
import { type Apps, useApps } from '../../support/apps.js';
import { type EmbeddedServers, useEmbeddedServers } from '../../support/embedded-servers.js';

export const patient = { timeout: 10_000, interval: 5 };

interface Parts extends Pick<ModuleMetadata, 'controllers' | 'providers' | 'imports'> {
  readonly momento?: MomentoModuleOptions;
  readonly server?: Omit<MomentoServerOptions, 'topics'>;
  readonly client?: Omit<MomentoClientOptions, 'topics'>;
}

interface Service {
  readonly app: INestApplication;
  readonly server: MomentoServer;
  readonly topics: TopicService;
  /** One in the same app. */
  readonly client: MomentoClientProxy;
}

export interface Microservices extends Apps {
  readonly servers: EmbeddedServers;
  readonly compile: (parts: Parts) => Promise<TestingModule>;
  /** An HTTP app with a `MomentoServer` beside it, closed after the test. */
  readonly startService: (parts: Parts) => Promise<Service>;
  /** An app that is a microservice alone, closed after the test. */
  readonly startAlone: (parts: Parts & { readonly isByFactory?: boolean }) => Promise<INestMicroservice>;
  /** An app without handlers, and a client of it. */
  readonly startClient: (
    client?: Omit<MomentoClientOptions, 'topics'>,
    momento?: MomentoModuleOptions,
  ) => Promise<{
    readonly app: TestingModule;
    readonly client: MomentoClientProxy;
    readonly topics: TopicService;
  }>;
}

/** Longer than any test, where its end is not what is tested. */
const timeoutMs = 60_000;
const silent: LoggerService = { log: () => undefined, error: () => undefined, warn: () => undefined };

export function useMicroservices(): Microservices {
  const servers = useEmbeddedServers();
  const apps = useApps(servers);
  const running: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((app) => app.close()));
  });
  const compile = ({ momento, imports = [], controllers = [], providers = [] }: Parts) =>
    Test.createTestingModule({
      imports: [MomentoModule.forRoot(apps.options(momento)), ...imports],
      controllers,
      providers,
    })
      .setLogger(silent)
      .compile();
  return {
    ...apps,
    servers,
    compile,
    startService: async (parts) => {
      const app = (await compile(parts)).createNestApplication();
      running.push(app);
      const topics = app.get(TopicService);
      const server = new MomentoServer({ topics, ...parts.server });
      app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
      await app.init();
      await app.startAllMicroservices();
      return { app, server, topics, client: new MomentoClientProxy({ topics, timeoutMs, ...parts.client }) };
    },
    startAlone: async (parts) => {
      const module = await compile(parts);
      const byFactory: AsyncMicroserviceOptions = {
        inject: [TopicService],
        useFactory: (topics: TopicService) => ({ strategy: new MomentoServer({ topics, ...parts.server }) }),
      };
      const topics = () => module.get(TopicService);
      const byHand = { strategy: new MomentoServer({ topics, ...parts.server }) };
      const app = module.createNestMicroservice<AsyncMicroserviceOptions | MicroserviceOptions>(
        parts.isByFactory === true ? byFactory : byHand,
      );
      running.push(app);
      await app.listen();
      return app;
    },
    startClient: async (client, momento) => {
      const app = await apps.start(MomentoModule.forRoot(apps.options(momento)));
      const topics = app.get(TopicService);
      return { app, topics, client: new MomentoClientProxy({ topics, timeoutMs, ...client }) };
    },
  };
}
