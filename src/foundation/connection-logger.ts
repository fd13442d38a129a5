import { Logger } from '@nestjs/common';
import { quoteName } from './redaction.js';
import { defaultConnectionName } from './tokens.js';

/** A logger whose lines say which connection they are of, when it is not the default one. */
export function connectionLogger(context: string, connectionName: string): Logger {
  return new Logger(
    connectionName === defaultConnectionName ? context : `${context} ${quoteName(connectionName)}`,
  );
}
