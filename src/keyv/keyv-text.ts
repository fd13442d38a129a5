/** How Keyv's own serializers end what has a TTL; a brace that is doubled is that of a value. */
const expiryAtEnd = /[{,]"expires":(\d+(?:\.\d+)?)\}$/;

/** How what two Keyvs have written begins: the value is the text of the other. */
const twiceAtStart = /^\{"value":"\{\\"(?:value|expires)\\":/;

/** Whether the time that Keyv wrote into the text is over. Another serializer's text says nothing of it. */
export function isOver(text: string, nowMs: number): boolean {
  const expires = expiryAtEnd.exec(text.slice(-64))?.[1];
  return expires !== undefined && nowMs > Number(expires);
}

/** Whether two Keyvs, one inside the other, have written the text; or an app's own JSON text looks as if, which cannot be told apart. */
export function isWrittenTwice(text: string): boolean {
  if (!twiceAtStart.test(text)) return false;
  const outer = parsed(text);
  const inner = typeof outer?.['value'] === 'string' ? parsed(outer['value']) : undefined;
  if (inner === undefined) return false;
  const isEnvelope = Object.keys(inner).every((name) => name === 'value' || name === 'expires');
  const { expires } = inner;
  return isEnvelope && (expires === undefined || typeof expires === 'number');
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
