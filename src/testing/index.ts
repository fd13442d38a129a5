export type { EmbeddedMomentoOptions } from './embedded-momento.js';
export { MomentoTestingModule, type MomentoTestingOptions } from './momento-testing.module.js';
export { overrideMomento } from './override-momento.js';
