import { ModulesContainer } from '@nestjs/core';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { CREDENTIAL_ORIGIN, type CredentialOrigin } from '../credentials/credential-origin.js';
import { MomentoLocal } from '../local/index.js';
import { MomentoCoreModule } from '../module/momento-core.module.js';
import { EmbeddedMomento, type EmbeddedMomentoOptions } from './embedded-momento.js';

/**
 * Lets the app under test run without its secret and without Momento: no key is fetched, the boot awaits nothing, and
 * nothing leaves the process. Every injectable of every connection works as before, on an empty Momento inside the process
 * that starts when the first of them is used. `moduleRef.get(MomentoLocal)` gives it, to see requests and to make them fail.
 *
 * @example
 * const moduleRef = await overrideMomento(Test.createTestingModule({ imports: [AppModule] })).compile();
 */
export function overrideMomento(
  builder: TestingModuleBuilder,
  options: EmbeddedMomentoOptions = {},
): TestingModuleBuilder {
  const momento = new EmbeddedMomento(options);
  // Called once a connection.
  const factory = (modules: ModulesContainer): CredentialOrigin => {
    provide(momento.server, modules);
    return { source: momento.source(), awaitedAtBoot: false };
  };
  return builder.overrideProvider(CREDENTIAL_ORIGIN).useFactory({ factory, inject: [ModulesContainer] });
}

/** A builder can only override what an app provides, and no app provides a server for its tests. */
function provide(server: MomentoLocal, modules: ModulesContainer): void {
  const core = [...modules.values()].find(({ metatype }) => metatype === MomentoCoreModule);
  core?.addProvider({ provide: MomentoLocal, useValue: server });
}
