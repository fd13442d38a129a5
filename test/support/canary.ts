import { inspect, types } from 'node:util';

const windowLength = 12;

/** Claims and fields that are not secret: where Momento is, and what kind of key it is. */
const isSecret = (value: unknown): value is string => typeof value === 'string' && !value.includes(':');

function decode(base64: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** The key as it is stored, what it holds, and what these decode to. */
function formsOf(key: string): string[] {
  const inner = Object.values(decode(key)).filter(isSecret);
  const parts = [key, ...inner].flatMap((text) => text.split('.'));
  const claims = parts.flatMap((part) => Object.values(decode(part))).filter(isSecret);
  const sealed = [key, ...inner].flatMap((text) => [
    text,
    Buffer.from(text).toString('base64'),
    Buffer.from(text).toString('base64url'),
    Buffer.from(text).toString('hex'),
  ]);
  return [...sealed, ...parts, ...claims];
}

/** Finds any twelve characters in a row of a key, of what is inside it, or of these encoded or decoded. */
export class Canary {
  readonly #windows = new Set<string>();

  constructor(...keys: readonly string[]) {
    for (const form of keys.flatMap(formsOf)) {
      for (let at = 0; at + windowLength <= form.length; at += 1) {
        this.#windows.add(form.slice(at, at + windowLength));
      }
    }
  }

  /** Where the text shows a part of the key, with what stands around it; undefined when it shows none. */
  findIn(text: string): string | undefined {
    for (let at = 0; at + windowLength <= text.length; at += 1) {
      if (this.#windows.has(text.slice(at, at + windowLength)))
        return text.slice(Math.max(0, at - 80), at + 80);
    }
    return undefined;
  }
}

/** All that printing could show of a value, by every way of printing. */
export function printed(value: unknown): string {
  return [
    inspect(value, { depth: 20, showHidden: true }),
    inspect(value, { depth: 20, showHidden: true, customInspect: false, showProxy: true }),
    serialised(value),
  ].join('\n');
}

function serialised(value: unknown): string {
  const seen = new Set<unknown>();
  const once = (_name: string, inner: unknown) => {
    if (typeof inner === 'bigint') return String(inner);
    if (typeof inner !== 'object' || inner === null) return inner;
    if (seen.has(inner)) return '[again]';
    seen.add(inner);
    return inner;
  };
  // It is undefined for what has no JSON form, whatever its type says.
  return JSON.stringify(value, once) ?? '';
}

/** An error with its message, its stack, its own properties and its chain of causes, in every form. */
export function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return printed(error);
  const own = Reflect.ownKeys(error).map((name) => printed(Reflect.get(error, name)));
  const cause = error.cause === undefined ? '' : everythingOf(error.cause);
  return [String(error), error.message, error.stack, printed(error), ...own, cause].join('\n');
}

/** Every text that can be reached from here by way of properties, hidden ones included, and of maps, sets and bytes. */
export function reachableTexts(...roots: readonly unknown[]): string {
  const texts = new Set<string>();
  const seen = new Set<unknown>();
  const toVisit = [...roots];
  while (toVisit.length > 0) {
    const value = toVisit.pop();
    if (typeof value === 'string') texts.add(value);
    if (seen.has(value) || value === globalThis || value === process) continue;
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
    seen.add(value);
    // By what they are: Nest's container is a Proxy, and only looks like a Map.
    if (types.isMap(value)) toVisit.push(...value.keys(), ...value.values());
    else if (types.isSet(value)) toVisit.push(...value);
    if (ArrayBuffer.isView(value)) {
      texts.add(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1'));
      continue;
    }
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      texts.add(name);
      toVisit.push(descriptor.value);
    }
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      toVisit.push(Object.getOwnPropertyDescriptor(value, symbol)?.value);
    }
  }
  return [...texts].join('\n');
}
