/** Makes what calls a method of the SDK client that is current at that moment. */
export type Dispatch = (method: string) => (...args: unknown[]) => Promise<unknown>;

/**
 * An object that stands for an SDK client for as long as the app lives, whichever client does the work. It is an
 * `instanceof` the client's class and has every method of it, so that it can be injected by class; it holds no state of
 * its own, so that printing it shows nothing.
 *
 * @param clientClass the SDK's class
 * @param dispatch makes a method; the SDK's are all asynchronous, but for those in `own`
 * @param own what the object answers by itself; `inherited` members stay the prototype's and call the object's own methods
 */
export function createStableClient<C extends object>(
  clientClass: { readonly prototype: C },
  dispatch: Dispatch,
  own: Readonly<Record<string, unknown>>,
  inherited: readonly string[] = [],
): C {
  const methods = methodNames(clientClass.prototype).filter(
    (name) => !(name in own) && !inherited.includes(name),
  );
  const dispatched = methods.map((name) => [name, dispatch(name)] as const);
  const members = [...dispatched, ...Object.entries(own)].map(
    ([name, value]): [string, PropertyDescriptor] => [
      name,
      // As methods of a class are: out of sight of a print, and open to a spy.
      { value, writable: true, configurable: true },
    ],
  );
  return Object.create(clientClass.prototype, Object.fromEntries(members)) as C;
}

function methodNames(prototype: object): string[] {
  const names = new Set<string>();
  for (
    let level: object = prototype;
    level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
    }
  }
  return [...names];
}

/** Calls a method by name, with the client as `this`. @returns what the method does */
export function invoke(client: object, method: string, args: readonly unknown[]): Promise<unknown> {
  const implementation = (client as Readonly<Record<string, unknown>>)[method];
  if (typeof implementation !== 'function') {
    return Promise.reject(new TypeError(`${method} is not a method of the Momento SDK's client.`));
  }
  return Reflect.apply(implementation, client, args) as Promise<unknown>;
}
