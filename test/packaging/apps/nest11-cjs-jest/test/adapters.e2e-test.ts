import { frameworks, suites } from './shared/checks.js';

describe.each(frameworks)('adapters on %s', (framework) => {
  it.each(Object.entries(suites.adapters))('%s', (_name, check) => check(framework));
});
