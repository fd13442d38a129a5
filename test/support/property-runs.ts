/** Many times as many, for who looks for what is rare: FAST_CHECK_TIMES=20. */
const times = Number(process.env['FAST_CHECK_TIMES'] ?? 1);

/** How often a property is tried, and how long that may take in milliseconds. */
export function propertyRuns(numRuns: number): { readonly numRuns: number; readonly timeout: number } {
  return { numRuns: numRuns * times, timeout: 60_000 * times };
}
