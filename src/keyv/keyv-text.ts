/** How Keyv's own serializers end what has a TTL; a brace that is doubled is that of a value. */
const expiryAtEnd = /[{,]"expires":(\d+(?:\.\d+)?)\}$/;

/** How what two Keyvs have written begins: the value is the text of the other. */
const twiceAtStart = /^\{"value":"\{\\"(?:value|expires)\\":/;

/** How far apart two Keyvs, one inside the other, reckon the same TTL, in milliseconds. */
const momentMs = 1_000;

/** Whether the time that Keyv wrote into the text is over. Another serializer's text says nothing of it. */
export function isOver(text: string, nowMs: number): boolean {
  const expires = expiryAtEnd.exec(text.slice(-64))?.[1];
  return expires !== undefined && nowMs > Number(expires);
}

/**
 * Whether two Keyvs, one inside the other, have written the text.
 *
 * @param isLikely also without a TTL, where a user's own JSON text can look the same
 */
export function isWrittenTwice(text: string, isLikely: boolean): boolean {
  if (!twiceAtStart.test(text)) return false;
  const outer = parsed(text);
  const inner = typeof outer?.['value'] === 'string' ? parsed(outer['value']) : undefined;
  if (outer === undefined || inner === undefined) return false;
  const isEnvelope = Object.keys(inner).every((name) => name === 'value' || name === 'expires');
  const { expires } = inner;
  if (!isEnvelope || (expires !== undefined && typeof expires !== 'number')) return false;
  return isLikely || Math.abs(Number(outer['expires']) - Number(expires)) < momentMs;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
