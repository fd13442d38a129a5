import { frameworks, suites } from './shared/checks.js';

describe.each(frameworks)('caching on %s', (framework) => {
  it.each(Object.entries(suites.caching))('%s', (_name, check) => check(framework));
});
