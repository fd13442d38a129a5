import type { Middleware } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { describeStack } from '../../foundation/text/describe-error.js';

/** Begins and ends the user's middlewares once, however many clients come and go meanwhile. */
export class MiddlewareLife {
  readonly #middlewares: readonly Middleware[];
  readonly #logger: Logger;
  #hasBegun = false;

  constructor(middlewares: readonly Middleware[], logger: Logger) {
    this.#middlewares = middlewares;
    this.#logger = logger;
  }

  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const middleware of this.#middlewares) middleware.init?.();
  }

  end(): void {
    if (this.#hasBegun) for (const middleware of this.#middlewares) this.#close(middleware);
  }

  #close(middleware: Middleware): void {
    try {
      middleware.close?.();
    } catch (error) {
      this.#logger.error('A middleware failed to close.', describeStack(error));
    }
  }
}
