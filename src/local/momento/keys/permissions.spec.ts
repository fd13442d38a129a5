import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Demand,
  type Permission,
  type Role,
  type Selector,
  checkPermissions,
  isPermitted,
} from './permissions.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const name = (text: string): Selector => ({ name: bytes(text) });
const prefix = (text: string): Selector => ({ prefix: bytes(text) });

const anyText = fc.constantFrom('a', 'ab', 'abc', 'b');
const anyRole = fc.constantFrom<Role[]>('read-write', 'read-only', 'write-only', 'none');
const anyPermission = fc.record({
  on: fc.constantFrom('items', 'topics'),
  role: anyRole,
  cache: fc.option(anyText, { nil: undefined }),
  kind: fc.constantFrom('all', 'name', 'prefix'),
  text: anyText,
});
const anyDemand = fc.record({
  on: fc.constantFrom('items', 'topics'),
  access: fc.constantFrom('read', 'write'),
  cacheName: anyText,
  names: fc.array(anyText, { minLength: 1, maxLength: 3 }),
});

type PermissionModel = typeof anyPermission extends fc.Arbitrary<infer Value> ? Value : never;

function permissionOf({ on, role, cache, kind, text }: PermissionModel): Permission {
  const selectors = { all: 'all' as const, name: name(text), prefix: prefix(text) };
  return { on, role, cache: cache === undefined ? 'all' : name(cache), names: selectors[kind] };
}

describe('isPermitted', () => {
  it('allows what each name has a permission for, whatever the others say', () => {
    fc.assert(
      fc.property(fc.array(anyPermission, { maxLength: 4 }), anyDemand, (models, demand) => {
        const expected = demand.names.every((text) =>
          models.some(
            (model) =>
              model.on === demand.on &&
              (model.role === 'read-write' || model.role === `${demand.access}-only`) &&
              (model.cache ?? demand.cacheName) === demand.cacheName &&
              (model.kind === 'all' ||
                (model.kind === 'name' ? text === model.text : text.startsWith(model.text))),
          ),
        );

        expect(isPermitted(models.map(permissionOf), [{ ...demand, names: demand.names.map(bytes) }])).toBe(
          expected,
        );
      }),
    );
  });

  it('allows only a super user the control plane, and allows it everything', () => {
    const everything: Permission = { on: 'items', role: 'read-write', cache: 'all', names: 'all' };
    const topic: Demand = { on: 'topics', access: 'write', cacheName: 'c', names: [bytes('t')] };

    expect(isPermitted([everything], [{ on: 'control' }])).toBe(false);
    expect(isPermitted('super-user', [{ on: 'control' }, topic])).toBe(true);
  });

  it('asks for all names where a call names none', () => {
    const all: Demand = { on: 'items', access: 'read', cacheName: 'c', names: 'all' };
    const nothing: Demand = { ...all, names: [] };
    const some: Permission = { on: 'items', role: 'read-only', cache: name('c'), names: prefix('') };

    expect(isPermitted([some], [all])).toBe(false);
    expect(isPermitted([{ ...some, names: 'all' }], [all])).toBe(true);
    expect(isPermitted([some], [nothing])).toBe(true);
    expect(isPermitted([{ ...some, role: 'write-only' }], [nothing])).toBe(false);
  });
});

describe('checkPermissions', () => {
  const one: Permission = { on: 'items', role: 'read-only', cache: name('c'), names: 'all' };

  it.each<[string, Permission[]]>([
    ['none', []],
    ['more than ten', Array.from({ length: 11 }, (_, index) => ({ ...one, cache: name(`${index}`) }))],
    ['two for the same cache', [one, { ...one, role: 'read-write' }]],
    [
      'two for the same item',
      [
        { ...one, names: name('k') },
        { ...one, names: name('k') },
      ],
    ],
  ])('refuses %s', (_what, permissions) => {
    expect(() => checkPermissions(permissions)).toThrow(/permission/);
  });

  it('takes several for different things', () => {
    const several = [
      one,
      { ...one, on: 'topics' as const },
      { ...one, names: name('k') },
      { ...one, names: prefix('k') },
    ];

    expect(() => checkPermissions(several)).not.toThrow();
  });
});
