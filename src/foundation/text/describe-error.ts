import { toLine } from './redaction.js';

/**
 * What went wrong, as one line without keys: the message of an error, or what else was thrown. By its fields, not by
 * `instanceof`: Jest runs tests in a realm of its own, with another `Error`. Never throws, whatever was thrown.
 */
export function describeError(error: unknown): string {
  if (!isObject(error)) return toLine(String(error));
  const message = textOf(error, 'message') ?? '';
  if (message.trim() !== '') return toLine(message);
  // Node's error of a refused connection to several addresses has a code and no message.
  const parts = [nameOf(error), textOf(error, 'code')].filter((part) => part !== undefined && part !== '');
  return toLine(parts.length === 0 ? 'an object without a message' : parts.join(' '));
}

/** The same, with the error's class before it and the places in the code behind it; for a logger's stack. */
export function describeStack(error: unknown): string {
  if (!isObject(error)) return describeError(error);
  const stack = textOf(error, 'stack') ?? '';
  // Of the stack only the places: its first lines are the message again, which may have lines of its own.
  const places = stack.split('\n').filter((line) => /^ {4}at /.test(line));
  const name = nameOf(error) ?? 'Error';
  return [`${toLine(name)}: ${describeError(error)}`, ...places.map((place) => `    ${toLine(place)}`)].join(
    '\n',
  );
}

/** A sentence with a full stop, unless it ends already. */
export function endSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** The field of something unknown when it is text; undefined as well when reading it throws. */
export function textOf(value: unknown, field: string): string | undefined {
  const found = fieldOf(value, field);
  return typeof found === 'string' ? found : undefined;
}

/** A field of something unknown; undefined as well when reading it throws. */
export function fieldOf(value: unknown, field: string): unknown {
  try {
    return isObject(value) ? (Reflect.get(value, field) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(error: object): string | undefined {
  return textOf(error, 'name') ?? textOf(fieldOf(error, 'constructor'), 'name');
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
