export { KeyvMomento } from './keyv-momento.js';
export type { KeyvMomentoOptions } from './keyv-momento.options.js';
