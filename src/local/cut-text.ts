/** The start of a text, as a text of its own: a mere slice keeps the whole request in memory that it came in. */
export function cutText(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : Buffer.from(text.slice(0, maxCharacters)).toString();
}
