import type { ExecutionContext } from '@nestjs/common';
import { routeOptionsOf } from './http-cache.decorators.js';
import type { RouteOptions } from './http-cache.options.js';

/** Names of Nest's metadata, which it does not export: `@Sse()`, and what parameters and `@Res()` say. The same in Nest 11 and 12. */
const sseMetadata = '__sse__';
const argumentsMetadata = '__routeArguments__';
const passthroughMetadata = '__responsePassthrough__';

/** The first part of the names under which `@Res()` and `@Next()` are kept. */
const ownAnswer = ['1', '2'];

/** What the decorators say of each route, looked at once. */
export class CachedRoutes {
  readonly #routes = new WeakMap<object, WeakMap<object, RouteOptions | null>>();
  readonly #defaults: RouteOptions;

  /** @param defaults for what the decorators leave out */
  constructor(defaults: RouteOptions) {
    this.#defaults = defaults;
  }

  /** @returns undefined: the route is not cached */
  of(context: ExecutionContext): RouteOptions | undefined {
    const [controller, handler] = [context.getClass(), context.getHandler()];
    const ofController = this.#routes.get(controller) ?? new WeakMap<object, RouteOptions | null>();
    this.#routes.set(controller, ofController);
    const known = ofController.get(handler);
    if (known !== undefined) return known ?? undefined;
    const options = { ...this.#defaults, ...routeOptionsOf(context) };
    const route = options.isOff === true || answersByItself(controller, handler) ? null : options;
    ofController.set(handler, route);
    return route ?? undefined;
  }
}

/** Whether the handler sends by itself, piece by piece or past Nest: there is no one answer to take. */
function answersByItself(controller: object, handler: { readonly name: string }): boolean {
  if (Reflect.getMetadata(sseMetadata, handler) === true) return true;
  if (Reflect.getMetadata(passthroughMetadata, controller, handler.name) === true) return false;
  const said = Reflect.getMetadata(argumentsMetadata, controller, handler.name) as object | undefined;
  return Object.keys(said ?? {}).some((name) => ownAnswer.includes(name.split(':', 1).join()));
}
