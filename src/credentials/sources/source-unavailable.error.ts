import type { MomentoConfigurationCode } from '../../foundation/momento.errors.js';

/** A source that failed in a way that may pass: it is tried again, and becomes a configuration error when time is over. */
export class SourceUnavailableError extends Error {
  override readonly name = 'SourceUnavailableError';

  /**
   * @param advice what to do about it, when it is not the network
   * @param code of the configuration error that it becomes
   */
  constructor(
    sentence: string,
    readonly advice?: string,
    readonly code: MomentoConfigurationCode = 'source-unreachable',
  ) {
    super(sentence);
  }
}
