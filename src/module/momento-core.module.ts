import { Global, Logger, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ConnectionRegistry } from './connection.registry.js';
import { TopicHandlerExplorer } from './topic-handler.explorer.js';

/**
 * What an app has one of, however often `MomentoModule` is imported. Global, because Nest ends global modules last: the
 * shutdown hooks of the app's own services may still use their connections.
 */
@Global()
@Module({ providers: [ConnectionRegistry, TopicHandlerExplorer], exports: [ConnectionRegistry] })
export class MomentoCoreModule {
  constructor(modules: ModulesContainer) {
    if (!isLoadedLazily(modules)) return;
    new Logger('Momento').warn(
      'MomentoModule was loaded lazily: Nest calls no shutdown hook of such a module, so its connections are not closed ' +
        'with the app. Import MomentoModule.forRoot or forRootAsync in a module that the app starts with.',
    );
  }
}

/** At its start an app gives each of its modules the global ones; to modules that are there already they are not given later. */
function isLoadedLazily(modules: ModulesContainer): boolean {
  const all = [...modules.values()];
  const core = all.find(({ metatype }) => metatype === MomentoCoreModule);
  if (core === undefined) return false;
  const others = all.filter((module) => module !== core && module.imports.size > 0);
  return others.some(({ imports }) => !imports.has(core));
}
