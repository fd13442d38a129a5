import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import { connectionLogger } from '../foundation/connection-logger.js';
import { describeError } from '../foundation/text/describe-error.js';
import { defaultConnectionName } from '../foundation/tokens.js';
import { findMethods, type FoundMethod } from '../topics/handlers/found-methods.js';
import { HandlerContexts } from '../topics/handlers/handler-contexts.js';
import type { Declaration } from '../topics/handlers/on-topic.js';
import type { DeclaredHandler } from '../topics/handlers/topic-handlers.js';
import type { TopicParts } from '../topics/topic-parts.js';
import { connectionMissing } from './connection-missing.js';
import type { BootOutcome } from './connection.providers.js';
import { ConnectionRegistry } from './connection.registry.js';
import { bootToken, topicPartsToken } from './module.tokens.js';

interface Found {
  readonly method: FoundMethod;
  readonly declaration: Declaration;
}

/** Finds the methods with `@OnTopic` and `@OnTopicGap` in every module of the app, and subscribes them when it has started. */
@Injectable()
export class TopicHandlerExplorer implements OnApplicationBootstrap {
  readonly #modules: ModulesContainer;
  readonly #contexts: HandlerContexts;
  readonly #moduleRef: ModuleRef;
  readonly #registry: ConnectionRegistry;

  constructor(
    modules: ModulesContainer,
    contexts: ExternalContextCreator,
    moduleRef: ModuleRef,
    registry: ConnectionRegistry,
  ) {
    this.#modules = modules;
    this.#contexts = new HandlerContexts(contexts, modules);
    this.#moduleRef = moduleRef;
    this.#registry = registry;
  }

  /** The last step of the boot. @throws MomentoConfigurationError, MomentoTopicError */
  async onApplicationBootstrap(): Promise<void> {
    await this.#registry.step(async () => {
      const byConnection = new Map<string, Found[]>();
      for (const method of findMethods(this.#modules)) {
        for (const declaration of method.declarations) {
          const name = connectionNameOf(declaration);
          byConnection.set(name, [...(byConnection.get(name) ?? []), { method, declaration }]);
        }
      }
      await Promise.all(Array.from(byConnection, ([name, found]) => this.#subscribe(name, found)));
    });
    this.#registry.finishBoot();
  }

  async #subscribe(connectionName: string, found: readonly Found[]): Promise<void> {
    const connection = this.#registry.connectionOf(connectionName);
    if (connection === undefined) {
      const names = found.map(({ method }) => method.name).join(', ');
      throw connectionMissing(`The topic handler ${names}`, connectionName);
    }
    const boot: BootOutcome = this.#moduleRef.get(bootToken(connectionName), { strict: false });
    if (boot === 'replaced') return;
    const parts: TopicParts = this.#moduleRef.get(topicPartsToken(connectionName), { strict: false });
    const handlers = found.map(({ method, declaration }): DeclaredHandler => ({
      declaration,
      owner: method.wrapper,
      call: this.#contexts.around(method, parts.globalEnhancers),
    }));
    const cacheNames = parts.handlers.cacheNamesOf(handlers);
    if (boot === 'connected') for (const cacheName of cacheNames) await connection.ensureCache(cacheName);
    const started = parts.handlers.start(handlers, connection.mayStartWithout || boot === 'unawaited');
    if (boot !== 'unawaited') return await started;
    // Nothing is awaited; who wants to, awaits TopicService.ready().
    void started.catch((error: unknown) =>
      connectionLogger('TopicService', connectionName).error(describeError(error)),
    );
  }
}

function connectionNameOf({ topic, connection }: Declaration): string {
  const ofTopic = typeof topic === 'string' ? undefined : topic.connection;
  return connection ?? ofTopic ?? defaultConnectionName;
}
