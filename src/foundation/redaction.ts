/** Keys of every format, and the JWTs within, begin as the base64 of `{"`. */
const keyLike = /eyJ[\w+/=.-]{16,}/g;

/** A text of unknown making, without what looks like a key: for messages of others, and for names that users gave. */
export function redactKeys(text: string): string {
  return text.replace(keyLike, '[REDACTED]');
}

/** A name in quotes. A key that was put into the place of a name is not shown. */
export function quoteName(name: string): string {
  return `'${redactKeys(name)}'`;
}
