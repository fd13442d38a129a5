/** A source that failed in a way that may pass: it is tried again, and becomes a configuration error when time is over. */
export class SourceUnavailableError extends Error {
  override readonly name = 'SourceUnavailableError';

  /** @param advice what to do about it, when it is not the network */
  constructor(
    sentence: string,
    readonly advice?: string,
  ) {
    super(sentence);
  }
}
