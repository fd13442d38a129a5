import type { auth } from '@gomomento/generated-types';
import { EngineError } from '../../engine/engine-error.js';
import {
  type Permission,
  type Permissions,
  type Role,
  type Selector,
  checkPermissions,
} from '../../keys/permissions.js';

type PermissionsMessage = auth.auth._GenerateApiTokenRequest['permissions'];
type PermissionMessage = PermissionsMessage['explicit']['permissions'][number];
type CachePermissionMessage = PermissionMessage['cache_permissions'];
type TopicPermissionMessage = PermissionMessage['topic_permissions'];
type FunctionPermissionMessage = PermissionMessage['function_permissions'];

/** Roles of caches and of topics, by their numbers on the wire, which are the same: the package does not export the enums. */
const ROLES: Readonly<Record<number, Role>> = { 1: 'read-write', 2: 'read-only', 3: 'write-only' };

/**
 * What a request for a key wants the key to allow.
 *
 * @param mostPermissions that the key may have; default: as many as `checkPermissions` says
 * @throws EngineError `invalid-argument`.
 */
export function permissionsOf(
  request: { readonly has_permissions: boolean; readonly permissions: PermissionsMessage },
  mostPermissions?: number,
): Permissions {
  if (!request.has_permissions) {
    throw new EngineError('invalid-argument', 'The request has no permissions');
  }
  if (request.permissions.has_super_user) {
    return 'super-user';
  }
  const messages = request.permissions.has_explicit ? request.permissions.explicit.permissions : [];
  const permissions = messages.map(permissionOf);
  checkPermissions(permissions, mostPermissions);
  return permissions;
}

function permissionOf(message: PermissionMessage): Permission {
  if (message.has_cache_permissions) {
    const { cache_permissions: items } = message;
    return { on: 'items', role: ROLES[items.role] ?? 'none', cache: cacheOf(items), names: keysOf(items) };
  }
  if (message.has_topic_permissions) {
    const { topic_permissions: topics } = message;
    return {
      on: 'topics',
      role: ROLES[topics.role] ?? 'none',
      cache: cacheOf(topics),
      names: topicsOf(topics),
    };
  }
  if (message.has_function_permissions) {
    const { function_permissions: functions } = message;
    return { on: 'functions', role: 'none', cache: cacheOf(functions), names: functionsOf(functions) };
  }
  throw new EngineError('invalid-argument', 'A permission is for items, topics or functions');
}

function cacheOf(
  message: CachePermissionMessage | TopicPermissionMessage | FunctionPermissionMessage,
): Selector {
  if (message.has_all_caches) {
    return 'all';
  }
  if (message.has_cache_selector && message.cache_selector.cache_name !== '') {
    return { name: textBytes(message.cache_selector.cache_name) };
  }
  throw new EngineError('invalid-argument', 'A permission names no cache');
}

function keysOf(message: CachePermissionMessage): Selector {
  if (!message.has_item_selector) {
    return 'all';
  }
  const { item_selector: selector } = message;
  return selector.has_key_prefix ? { prefix: selector.key_prefix } : { name: selector.key };
}

function topicsOf(message: TopicPermissionMessage): Selector {
  if (!message.has_topic_selector) {
    return 'all';
  }
  const { topic_selector: selector } = message;
  return selector.has_topic_name_prefix
    ? { prefix: textBytes(selector.topic_name_prefix) }
    : { name: textBytes(selector.topic_name) };
}

function functionsOf(message: FunctionPermissionMessage): Selector {
  if (!message.has_function_selector) {
    return 'all';
  }
  const { function_selector: selector } = message;
  return selector.has_function_name_prefix
    ? { prefix: textBytes(selector.function_name_prefix) }
    : { name: textBytes(selector.function_name) };
}

function textBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}
