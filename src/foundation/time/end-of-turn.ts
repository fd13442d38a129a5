/** Taken when the module loads: fake timers of a test that take `setImmediate` over would keep an app from closing for ever. */
const whenTurnEnds = setImmediate;

/** Resolves when all that can run without waiting for anything outside of the process has run: promises and ticks. */
export function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    whenTurnEnds(resolve);
  });
}
