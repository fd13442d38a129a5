/** The directives of `Cache-Control`, names in lower case. */
export function directivesOf(
  cacheControl: string | readonly string[] | undefined,
): ReadonlyMap<string, string> {
  const parts = (oneLine(cacheControl) ?? '').split(',').map((part) => part.trim().toLowerCase());
  return new Map(
    parts
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', value = ''] = part.split('=', 2);
        return [name.trim(), value.trim().replaceAll('"', '')] as const;
      }),
  );
}

/** The names in a `Vary`, in lower case, each once. */
export function namesIn(vary: string | readonly string[] | undefined): readonly string[] {
  const names = (oneLine(vary) ?? '').split(',').map((name) => name.trim().toLowerCase());
  return [...new Set(names.filter((name) => name !== ''))].toSorted();
}

/** What came in several lines is one list. */
export function oneLine(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}
