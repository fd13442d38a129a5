/** A source that failed in a way that may pass: it is tried again, and becomes a configuration error when time is over. */
export class SourceUnavailableError extends Error {
  override readonly name = 'SourceUnavailableError';
}
