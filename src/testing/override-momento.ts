import type { TestingModuleBuilder } from '@nestjs/testing';
import { CREDENTIAL_ORIGIN, type CredentialOrigin } from '../credentials/credential-origin.js';
import { EmbeddedMomento } from './embedded-momento.js';

/**
 * Lets the app under test run without its secret and without Momento: no key is fetched, the boot awaits nothing, and
 * nothing leaves the process. Every injectable of every connection works as before, on an empty Momento inside the process
 * that starts when the first of them is used.
 *
 * @example
 * const moduleRef = await overrideMomento(Test.createTestingModule({ imports: [AppModule] })).compile();
 */
export function overrideMomento(builder: TestingModuleBuilder): TestingModuleBuilder {
  const momento = new EmbeddedMomento();
  // Called once a connection.
  const factory = (): CredentialOrigin => ({ source: momento.source(), awaitedAtBoot: false });
  return builder.overrideProvider(CREDENTIAL_ORIGIN).useFactory({ factory });
}
