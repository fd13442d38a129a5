import { EngineError } from '../engine/engine-error.js';
import { equalBytes } from '../engine/bytes.js';

export type Access = 'read' | 'write';
export type Role = 'read-write' | 'read-only' | 'write-only' | 'none';

/** One name, all names that begin so, or (`all`) every name. */
export type Selector = 'all' | { readonly name: Uint8Array } | { readonly prefix: Uint8Array };

/** What a key allows on the items, the topics or the functions of caches. There are no functions here, but keys name them. */
export interface Permission {
  readonly on: 'items' | 'topics' | 'functions';
  readonly role: Role;
  readonly cache: Selector;
  /** The keys of the items, or the names of the topics or functions. */
  readonly names: Selector;
}

/** What a key may do: everything, also create and delete caches; or what any of its permissions allows. */
export type Permissions = 'super-user' | readonly Permission[];

/** What a call needs. */
export type Demand =
  | { readonly on: 'control' }
  | {
      readonly on: 'items' | 'topics';
      readonly access: Access;
      readonly cacheName: string;
      /** What it touches; a call that names nothing in particular touches everything. */
      readonly names: readonly Uint8Array[] | 'all';
    };

/** Of a key: the documented limit. */
const MAX_PERMISSIONS_OF_KEY = 10;

const ALLOWS: Readonly<Record<Role, readonly Access[]>> = {
  'read-write': ['read', 'write'],
  'read-only': ['read'],
  'write-only': ['write'],
  none: [],
};

/** Whether a key with these permissions may do what these demands say. */
export function isPermitted(permissions: Permissions, demands: readonly Demand[]): boolean {
  return (
    permissions === 'super-user' ||
    demands.every((demand) => demand.on !== 'control' && isCovered(permissions, demand))
  );
}

/**
 * @param mostPermissions that there may be; default 10, the documented limit of keys
 * @throws EngineError `invalid-argument` when there are none, too many, or two of the same thing.
 */
export function checkPermissions(
  permissions: readonly Permission[],
  mostPermissions = MAX_PERMISSIONS_OF_KEY,
): void {
  if (permissions.length === 0) {
    throw new EngineError('invalid-argument', 'A key needs at least one permission');
  }
  if (permissions.length > mostPermissions) {
    throw new EngineError('invalid-argument', `A key has at most ${mostPermissions} permissions`);
  }
  const subjects = permissions.map(({ on, cache, names }) => `${on} ${describe(cache)} ${describe(names)}`);
  if (new Set(subjects).size < subjects.length) {
    throw new EngineError('invalid-argument', 'Two permissions are for the same cache, item or topic');
  }
}

function isCovered(permissions: readonly Permission[], demand: Exclude<Demand, { on: 'control' }>): boolean {
  const cacheName = new Uint8Array(Buffer.from(demand.cacheName));
  const granted = permissions.filter(
    ({ on, role, cache }) =>
      on === demand.on && ALLOWS[role].includes(demand.access) && selects(cache, cacheName),
  );
  if (demand.names === 'all') {
    return granted.some(({ names }) => names === 'all');
  }
  return (
    granted.length > 0 && demand.names.every((name) => granted.some(({ names }) => selects(names, name)))
  );
}

function selects(selector: Selector, name: Uint8Array): boolean {
  if (selector === 'all') {
    return true;
  }
  return 'name' in selector
    ? equalBytes(selector.name, name)
    : equalBytes(selector.prefix, name.subarray(0, selector.prefix.byteLength));
}

function describe(selector: Selector): string {
  if (selector === 'all') {
    return selector;
  }
  const [kind, bytes] = 'name' in selector ? ['name', selector.name] : ['prefix', selector.prefix];
  return `${kind}:${Buffer.from(bytes).toString('hex')}`;
}
