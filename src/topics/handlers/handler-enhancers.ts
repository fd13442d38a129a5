import type { Type } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import type { ContextId, ExternalContextCreator } from '@nestjs/core';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import { Injector } from '@nestjs/core/injector/injector.js';
import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { FoundMethod } from './found-methods.js';
import { pipesOfArguments } from './handler-arguments.js';

const kinds = [
  ['guard', GUARDS_METADATA],
  ['interceptor', INTERCEPTORS_METADATA],
  ['pipe', PIPES_METADATA],
  ['filter', EXCEPTION_FILTERS_METADATA],
] as const;

/**
 * The instances of guards, pipes, interceptors and filters of a handler that Nest does not make by itself: it passes over those of a
 * provider that a factory or a value gives, transient ones, and global ones that are made for each request.
 */
export class HandlerEnhancers {
  readonly #injector: Injector;
  readonly #host: InstanceWrapper<object>;
  /** Those that are not the same everywhere. */
  readonly #scoped: readonly InstanceWrapper[];

  private constructor(injector: Injector, host: InstanceWrapper<object>, scoped: readonly InstanceWrapper[]) {
    this.#injector = injector;
    this.#host = host;
    this.#scoped = scoped;
  }

  /** @throws what Nest throws when it cannot make one */
  static async load(
    injector: Injector,
    found: FoundMethod,
    contexts: ExternalContextCreator,
  ): Promise<HandlerEnhancers> {
    const { wrapper, module } = found;
    const own = ownOf(found);
    for (const one of own) await injector.loadInjectable(one, module);
    const scoped = [...own, ...globalsOf(contexts)].filter(
      (one) => one.isTransient || !one.isDependencyTreeStatic(),
    );
    for (const one of scoped)
      if (one.isDependencyTreeStatic())
        await injector.loadInjectable(one, one.host ?? module, STATIC_CONTEXT, wrapper);
    return new HandlerEnhancers(injector, wrapper, scoped);
  }

  /** Whether they are the same for all messages. */
  get areStatic(): boolean {
    return this.#scoped.every((one) => one.isDependencyTreeStatic());
  }

  /** Makes them for a message. @param isHostStatic whether the handler's instance is the same for all messages */
  async loadFor(contextId: ContextId, isHostStatic: boolean): Promise<void> {
    const { id } = this.#host;
    for (const one of this.#scoped) {
      // Nest does not make another one for a message where nothing of it depends on that.
      if (isHostStatic && one.isDependencyTreeStatic())
        one.setInstanceByInquirerId(contextId, id, one.getInstanceByInquirerId(STATIC_CONTEXT, id));
      else if (one.host !== undefined)
        await this.#injector.loadInjectable(one, one.host, contextId, this.#host);
    }
  }
}

/** Of the class, the method and its arguments; noted in the module where Nest has not done that. */
function ownOf({ metatype, prototype, methodName, module }: FoundMethod): InstanceWrapper[] {
  const places: readonly object[] = [metatype, Object(Reflect.get(prototype, methodName))];
  const classes = kinds.flatMap(([kind, key]) => {
    const ofPlaces = places.flatMap((place) => (Reflect.getMetadata(key, place) ?? []) as readonly unknown[]);
    const ofArguments = kind === 'pipe' ? pipesOfArguments(metatype, methodName) : [];
    return [...ofPlaces, ...ofArguments].filter(isClass).map((type) => ({ kind, type }));
  });
  return classes.flatMap(({ kind, type }) => {
    const wrapper = module.injectables.get(type) ?? module.addInjectable(type, kind);
    return wrapper instanceof InstanceWrapper ? [wrapper] : [];
  });
}

/** The app's that are not the same everywhere; none where its global ones do not stand around handlers. */
function globalsOf(contexts: ExternalContextCreator): readonly InstanceWrapper[] {
  const config = contexts['guardsContextCreator']['config'];
  if (config === undefined) return [];
  return [
    ...config.getGlobalRequestGuards(),
    ...config.getGlobalRequestInterceptors(),
    ...config.getGlobalRequestPipes(),
    ...config.getGlobalRequestFilters(),
  ];
}

function isClass(value: unknown): value is Type {
  return typeof value === 'function';
}
