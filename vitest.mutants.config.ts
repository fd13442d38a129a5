import { mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

/** For `npm run mutants`: the tests that a broken line of `src` can reach, without those that start processes of their own. */
export default mergeConfig(base, {
  test: {
    exclude: [
      'test/{packaging,readme,soak,local,conformance}/**',
      'test/e2e/{shutdown,tls}/**',
      'src/local/**',
      'node_modules/**',
    ],
  },
});
