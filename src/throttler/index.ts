export { MomentoThrottlerStorage } from './momento-throttler-storage.js';
export type { MomentoThrottlerOptions } from './throttler-storage.options.js';
