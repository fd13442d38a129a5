/** By Momento's documentation, for accounts on demand; one can ask for more, so that a longer TTL is left to Momento to refuse. */
export const documentedLimitSeconds = 86_400;

/** What a TTL is, for messages. */
export const ttlDescription = `a number of seconds above 0 (Momento keeps items for at most ${documentedLimitSeconds} s, 24 hours, unless the account may do more)`;

/** Whether it can be asked for: Momento counts in milliseconds. */
export function isTtl(ttlSeconds: unknown): boolean {
  return (
    typeof ttlSeconds === 'number' && ttlSeconds > 0 && Number.isSafeInteger(Math.ceil(ttlSeconds) * 1000)
  );
}

/** Momento's SDK takes whole seconds: a fraction is rounded up, so that an item lives for at least the time asked for. */
export function wholeSeconds(ttlSeconds: number): number {
  return Math.ceil(ttlSeconds);
}

/** What a value lives when nobody says, in seconds. */
export const defaultTtlSeconds = 600;
