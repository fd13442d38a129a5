import { quoteName, showName } from '../text/redaction.js';

const isPlainName = (name: string) => /^[A-Za-z_$][\w$]*$/.test(name);

/** A place within a value, as code names it: `value.users[3]`. */
export function showPlace(path: readonly PropertyKey[]): string {
  return `value${path.map(step).join('')}`;
}

function step(name: PropertyKey): string {
  if (typeof name === 'number') return `[${name}]`;
  const text = typeof name === 'symbol' ? (name.description ?? '') : name;
  return isPlainName(text) ? `.${showName(text)}` : `[${quoteName(text)}]`;
}
