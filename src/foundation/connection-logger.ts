import { Logger } from '@nestjs/common';
import { quoteName } from './text/redaction.js';
import { defaultConnectionName } from './tokens.js';

/** A logger whose lines name the connection, unless it is the default one. */
export function connectionLogger(context: string, connectionName = defaultConnectionName): Logger {
  return new Logger(
    connectionName === defaultConnectionName ? context : `${context} ${quoteName(connectionName)}`,
  );
}
