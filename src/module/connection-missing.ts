import { MomentoConfigurationError } from '../foundation/momento.errors.js';
import { quoteName } from '../foundation/text/redaction.js';
import { defaultConnectionName } from '../foundation/tokens.js';

/** @param what needs it, as the beginning of a sentence */
export function connectionMissing(what: string, connectionName: string): MomentoConfigurationError {
  const isDefault = connectionName === defaultConnectionName;
  return new MomentoConfigurationError(
    'connection-missing',
    `${what} finds no Momento connection ${quoteName(connectionName)}.`,
    `Import MomentoModule.forRoot or forRootAsync${isDefault ? '' : ' with that name'} once in the app, without isGlobal: false.`,
  );
}
