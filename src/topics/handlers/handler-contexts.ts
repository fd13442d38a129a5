import type { ArgumentsHost } from '@nestjs/common';
import { PIPES_METADATA } from '@nestjs/common/constants.js';
import {
  type ContextId,
  ContextIdFactory,
  ExternalContextCreator,
  ModuleRef,
  type ModulesContainer,
  NestContainer,
} from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { HandlerMetadataStorage } from '@nestjs/core/helpers/handler-metadata-storage.js';
import { Injector } from '@nestjs/core/injector/injector.js';
import { isObservable, lastValueFrom } from 'rxjs';
import { argumentsFactory, argumentsKey, hasArguments } from './handler-arguments.js';
import type { FoundMethod } from './found-methods.js';
import type { HandlerCall } from './handler-call.js';
import { HandlerEnhancers } from './handler-enhancers.js';
import { HandlerInterceptors } from './handler-interceptors.js';

/** What `ExecutionContext.getType()` and `ArgumentsHost.getType()` answer around handlers of topics. */
const contextType = 'momento-topic';

const interceptorsConsumer = new HandlerInterceptors();

/** A handler with all that stands around it, for one instance of its class. */
interface Surrounded {
  readonly run: (payload: unknown, context: object) => Promise<unknown>;
  /** What the filter for this error answers, in a list of one; nothing when there is no such filter. */
  readonly filter: (error: unknown, host: ArgumentsHost) => readonly [unknown] | null | undefined;
}

/** As much of Nest's container as its context creators use, without the app's global enhancers. */
class ModulesAlone extends NestContainer {
  readonly #modules: ModulesContainer;

  constructor(modules: ModulesContainer) {
    super();
    this.#modules = modules;
  }

  override getModules(): ModulesContainer {
    return this.#modules;
  }
}

/** Puts guards, pipes, interceptors and filters around methods, as Nest does around those of controllers. */
export class HandlerContexts {
  readonly #withGlobals: ExternalContextCreator;
  readonly #withoutGlobals: ExternalContextCreator;
  readonly #injector = new Injector();

  /** @param contexts the app's own, which knows its global enhancers */
  constructor(contexts: ExternalContextCreator, modules: ModulesContainer) {
    this.#withGlobals = contexts;
    this.#withoutGlobals = ExternalContextCreator.fromContainer(new ModulesAlone(modules));
  }

  /**
   * @param globalEnhancers whether the app's global ones stand around it, too
   * @throws what Nest throws when it cannot make one of them
   */
  async around(found: FoundMethod, globalEnhancers: boolean): Promise<HandlerCall> {
    const { wrapper, name, methodName } = found;
    const contexts = creatorFor(found, globalEnhancers ? this.#withGlobals : this.#withoutGlobals);
    const enhancers = await HandlerEnhancers.load(this.#injector, found, contexts);
    const isStatic = isHostStatic(found) && enhancers.areStatic;
    const always = isStatic ? surround(found, contexts, wrapper.instance, globalEnhancers) : undefined;
    const perMessage = (context: object) =>
      this.#perMessage(found, contexts, context, globalEnhancers, enhancers);
    const rescueBy = async (one: Surrounded, error: unknown, args: readonly unknown[]): Promise<void> => {
      const host = new ExecutionContextHost(
        [...args],
        found.metatype,
        Reflect.get(found.prototype, methodName),
      );
      host.setType(contextType);
      const answer = one.filter(error, host);
      if (answer === undefined || answer === null) throw error;
      const [result] = answer;
      // As in microservices, a filter may answer with an Observable that fails.
      await (isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result);
    };
    return {
      name,
      run: async (payload, context) => {
        const one = always ?? (await perMessage(context));
        try {
          await one.run(payload, context);
        } catch (error) {
          await rescueBy(one, error, [payload, context]);
        }
      },
      rescue: async (error, context) =>
        rescueBy(always ?? (await perMessage(context)), error, [undefined, context]),
    };
  }

  /** For a class with request-scoped dependencies or enhancers, or a transient one: instances of its own. */
  async #perMessage(
    found: FoundMethod,
    contexts: ExternalContextCreator,
    context: object,
    globalEnhancers: boolean,
    enhancers: HandlerEnhancers,
  ): Promise<Surrounded> {
    const { wrapper, module, collection } = found;
    const contextId = ContextIdFactory.getByRequest(context);
    const moduleRef: unknown = module.getProviderByKey(ModuleRef).instance;
    if (moduleRef instanceof ModuleRef) moduleRef.registerRequestByContextId(context, contextId);
    const isStatic = isHostStatic(found);
    const instance: unknown = isStatic
      ? wrapper.instance
      : await this.#injector.loadPerContext(wrapper.instance, module, collection, contextId, wrapper);
    await enhancers.loadFor(contextId, isStatic);
    return surround(found, contexts, Object(instance), globalEnhancers, contextId);
  }
}

function isHostStatic({ wrapper }: FoundMethod): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

/**
 * Finds the enhancers in the module of this very class: by itself it looks for providers alone, and takes the first of several. Keeps
 * what it knows of the method to itself: Nest 11 gives that to all classes of the same name.
 */
function creatorFor({ module }: FoundMethod, contexts: ExternalContextCreator): ExternalContextCreator {
  return Object.create(contexts, {
    getContextModuleKey: { value: () => module.token },
    handlerMetadataStorage: { value: new HandlerMetadataStorage() },
    // An interceptor, or the method, may let nothing come of a message.
    transformToResult: {
      value: async (result: unknown) =>
        isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result,
    },
    interceptorsConsumer: { value: interceptorsConsumer },
  }) as ExternalContextCreator;
}

function surround(
  { wrapper, methodName, metatype, prototype, module }: FoundMethod,
  contexts: ExternalContextCreator,
  given: object,
  globalEnhancers: boolean,
  contextId?: ContextId,
): Surrounded {
  const { instance, method } = decorated(given, prototype, methodName);
  const inquirerId = wrapper.id;
  const hasPipes = [metatype, method].some((one) => Reflect.hasMetadata(PIPES_METADATA, one));
  // A method with neither gets the payload and the context as they are, and costs less.
  const takesPart = globalEnhancers || hasPipes || hasArguments(metatype, methodName);
  const run = contexts.create(
    instance,
    method,
    methodName,
    takesPart ? argumentsKey : undefined,
    takesPart ? argumentsFactory : undefined,
    contextId,
    inquirerId,
    { guards: true, interceptors: true, filters: false },
    contextType,
  );
  const handler = filtersOf(contexts).create(instance, method, module.token, contextId, inquirerId);
  return {
    run,
    filter: (error, host) => handler.invokeCustomFilters(error, host) as ReturnType<Surrounded['filter']>,
  };
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * As Nest reads decorators: from the method it is given. An instance whose method is bound, or behind a proxy, has another one, without
 * them: one of the class stands before it, so that its guards are not passed over.
 */
function decorated(
  instance: object,
  prototype: object,
  methodName: string,
): { readonly instance: object; readonly method: Method } {
  const declared = Reflect.get(prototype, methodName) as Method;
  const called: unknown = Reflect.get(instance, methodName);
  if (called === declared || typeof called !== 'function') return { instance, method: declared };
  const { [methodName]: method = declared } = {
    [methodName]: (...args: unknown[]): unknown => Reflect.apply(called, instance, args),
  };
  Object.setPrototypeOf(method, declared);
  return { instance: Object.create(prototype) as object, method };
}

interface FilterMetadata {
  readonly func: (...given: readonly unknown[]) => unknown;
}

/** As Nest makes them, but for their answers in a list of one: one that answers nothing has dealt with the error all the same. */
function filtersOf(contexts: ExternalContextCreator) {
  // Nest has no other way to the filters without what it does when they answer nothing: throw the error again, and log it.
  const own = contexts['filtersContextCreator'];
  const filters: typeof own = Object.create(own, {
    createConcreteContext: {
      value: (...args: readonly unknown[]) => {
        const made: readonly FilterMetadata[] = Reflect.apply(own.createConcreteContext, filters, args);
        return made.map(({ func, ...others }) => ({
          ...others,
          func: (...given: readonly unknown[]) => [func(...given)],
        }));
      },
    },
  });
  return filters;
}
