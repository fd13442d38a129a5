export { MomentoHealthIndicator } from './momento-health.indicator.js';
export type { MomentoHealth, MomentoHealthOptions } from './momento-health.options.js';
