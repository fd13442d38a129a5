/**
 * An object of the user's with some of its members replaced, and every other its own: also what a later version of the SDK
 * adds, and what a class keeps in private fields, which a copy would lose.
 */
export function delegateTo<T extends object>(
  target: T,
  replaced: { readonly [Member in keyof T]?: T[Member] | undefined },
): T {
  // Not a proxy of the object itself: of one that is frozen, a proxy may not give a method that is bound.
  return new Proxy(Object.create(target) as T, {
    get: (_, member) => {
      if (Object.hasOwn(replaced, member)) return Reflect.get(replaced, member) as unknown;
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
