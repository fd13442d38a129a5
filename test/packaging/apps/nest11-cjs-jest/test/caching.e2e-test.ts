import { checks, frameworks } from './shared/checks.js';

describe.each(frameworks)('caching on %s', (framework) => {
  it.each(Object.entries(checks))('%s', (_name, check) => check(framework));
});
