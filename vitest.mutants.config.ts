import { mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

/**
 * For `npm run mutants`: the tests that a broken line of `src` can reach, without those that take long for what they add:
 * processes of their own, soaks, the life of whole rotations twice over.
 */
export default mergeConfig(base, {
  test: {
    exclude: [
      'test/{packaging,readme,soak,local,conformance,types}/**',
      'test/e2e/{shutdown,tls,sample}/**',
      'test/e2e/module-process.e2e-spec.ts',
      'test/e2e/credentials/**',
      'test/e2e/rotation/rotation.e2e-spec.ts',
      'src/local/**',
      'node_modules/**',
    ],
  },
});
