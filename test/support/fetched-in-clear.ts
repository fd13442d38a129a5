import { type CredentialSource, Secret } from 'nestjs-momento';

interface FetchOptions {
  readonly refresh?: boolean;
  readonly signal?: AbortSignal;
}

/** What a source finds, with its content to be compared; otherwise it shows none. */
export async function fetchedInClear(source: CredentialSource, options: FetchOptions = {}): Promise<object> {
  const { refresh = false, signal = new AbortController().signal } = options;
  const found = await source.fetch({ signal, refresh });
  return 'content' in found && found.content instanceof Secret
    ? { ...found, content: found.content.reveal() }
    : found;
}
