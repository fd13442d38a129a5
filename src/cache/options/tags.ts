/** Each is read with the value: with it they fit into one request. */
const maxTags = 50;

/** What tags are, for messages. */
export const tagsDescription = `a list of at most ${maxTags} filled strings of whole characters`;

export function isTag(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/\p{Surrogate}/u.test(value);
}

/** Whether a value can carry them. */
export function areTags(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxTags && value.every(isTag);
}
