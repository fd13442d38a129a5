import type { InjectionToken, Type } from '@nestjs/common';

export const defaultConnectionName = 'default';

/** A token of the module's own. @internal */
export function internalToken(what: string, connectionName: string): string {
  return `nestjs-momento/${what}/${connectionName}`;
}

/**
 * The class itself for the default connection, so that it is injected by type; a namespaced text for any other. The name is
 * written out, because a minifier changes the classes'.
 *
 * @internal
 */
export function classToken<T>(
  injectable: Type<T>,
  name: string,
  connectionName = defaultConnectionName,
): InjectionToken<T> {
  return connectionName === defaultConnectionName ? injectable : internalToken(name, connectionName);
}
