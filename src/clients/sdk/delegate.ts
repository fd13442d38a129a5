/**
 * An object of the user's with some of its members replaced, and every other its own: also what a later version of the SDK
 * adds, and what a class keeps in private fields, which a copy would lose.
 *
 * @param derive for objects that make changed ones of themselves (`withTimeout(…)`, `addMiddleware(…)`): what to make of these
 */
export function delegateTo<T extends object>(
  target: T,
  replaced: { readonly [Member in keyof T]?: T[Member] | undefined },
  derive?: (changed: T) => T,
): T {
  // Not a proxy of the object itself: of one that is frozen, a proxy may not give a method that is bound.
  return new Proxy(Object.create(target) as T, {
    get: (_, member) => {
      if (Object.hasOwn(replaced, member)) return Reflect.get(replaced, member) as unknown;
      const value: unknown = Reflect.get(target, member, target);
      if (typeof value !== 'function') return value;
      if (derive === undefined || !/^(with|add)[A-Z]/.test(String(member)))
        return value.bind(target) as unknown;
      return (...args: unknown[]) => derive(Reflect.apply(value, target, args) as T);
    },
  });
}
