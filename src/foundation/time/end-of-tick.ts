const settled = Promise.resolve();
/** Taken when the module loads: fake timers of a test that take `process.nextTick` over would keep reads waiting for ever. */
const nextTick = process.nextTick.bind(process);

/**
 * Does a piece of work once, when all that runs in this tick has run. It goes first to the end of the microtasks of the
 * moment and then asks for the next tick, so that what is asked for by the reactions to other promises is there as well.
 */
export class EndOfTick {
  readonly #work: () => void;
  #isAsked = false;

  /** @param work must not throw */
  constructor(work: () => void) {
    this.#work = work;
  }

  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    void settled.then(this.#afterMicrotasks);
  }

  readonly #afterMicrotasks = () => nextTick(this.#run);

  readonly #run = () => {
    this.#isAsked = false;
    this.#work();
  };
}
