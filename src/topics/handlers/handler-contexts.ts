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
import { Injector } from '@nestjs/core/injector/injector.js';
import { EmptyError, isObservable, lastValueFrom } from 'rxjs';
import { argumentsFactory, argumentsKey, hasArguments } from './handler-arguments.js';
import type { FoundMethod } from './found-methods.js';
import type { HandlerCall } from './handler-call.js';
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

  /** @param globalEnhancers whether the app's global ones stand around it, too */
  around(found: FoundMethod, globalEnhancers: boolean): HandlerCall {
    const { wrapper, name, methodName } = found;
    const contexts = creatorFor(found, globalEnhancers ? this.#withGlobals : this.#withoutGlobals);
    const isStatic = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
    const always = isStatic ? surround(found, contexts, wrapper.instance, globalEnhancers) : undefined;
    const perMessage = (context: object) => this.#perMessage(found, contexts, context, globalEnhancers);
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
          // An interceptor that lets nothing come of it.
          if (!(error instanceof EmptyError)) await rescueBy(one, error, [payload, context]);
        }
      },
      rescue: async (error, context) =>
        rescueBy(always ?? (await perMessage(context)), error, [undefined, context]),
    };
  }

  /** For a class with request-scoped dependencies, or a transient one: an instance of its own. */
  async #perMessage(
    found: FoundMethod,
    contexts: ExternalContextCreator,
    context: object,
    globalEnhancers: boolean,
  ): Promise<Surrounded> {
    const { wrapper, module, collection } = found;
    const contextId = ContextIdFactory.getByRequest(context);
    const moduleRef: unknown = module.getProviderByKey(ModuleRef).instance;
    if (moduleRef instanceof ModuleRef) moduleRef.registerRequestByContextId(context, contextId);
    const instance: unknown = await this.#injector.loadPerContext(
      wrapper.instance,
      module,
      collection,
      contextId,
      wrapper,
    );
    return surround(found, contexts, Object(instance), globalEnhancers, contextId);
  }
}

/** Finds the enhancers in the module of this very class: by itself it looks for providers alone, and takes the first of several. */
function creatorFor({ module }: FoundMethod, contexts: ExternalContextCreator): ExternalContextCreator {
  return Object.create(contexts, {
    getContextModuleKey: { value: () => module.token },
    interceptorsConsumer: { value: interceptorsConsumer },
  }) as ExternalContextCreator;
}

function surround(
  { wrapper, methodName, metatype, module }: FoundMethod,
  contexts: ExternalContextCreator,
  instance: object,
  globalEnhancers: boolean,
  contextId?: ContextId,
): Surrounded {
  const method = Reflect.get(instance, methodName) as (...args: unknown[]) => unknown;
  const inquirerId = contextId === undefined ? undefined : wrapper.id;
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
        const made = Reflect.apply(own.createConcreteContext, filters, args) as readonly FilterMetadata[];
        return made.map(({ func, ...others }) => ({
          ...others,
          func: (...given: readonly unknown[]) => [func(...given)],
        }));
      },
    },
  });
  return filters;
}
