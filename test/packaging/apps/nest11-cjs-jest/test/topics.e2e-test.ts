import { frameworks, suites } from './shared/checks.js';

describe.each(frameworks)('topics on %s', (framework) => {
  it.each(Object.entries(suites.topics))('%s', (_name, check) => check(framework));
});
