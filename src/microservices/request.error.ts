import { MomentoError, nameForAllCopies } from '../foundation/momento.errors.js';

const advices = {
  'no-answer':
    'Momento does not say whether anyone listens: check that a service with a handler of this pattern runs, with the same topicPrefix ' +
    'and cache, and that it answers within timeoutMs. It may be at work all the same.',
  'answers-lost':
    'The subscription was away for longer than Momento holds messages: ask again, if asking twice does no harm.',
  'client-closed': 'Finish requests before the client is closed; MomentoModule closes with the app.',
};

/** A request that ended without the answer, or without all of the answers, of a service. */
export class MomentoRequestError extends MomentoError {
  static {
    nameForAllCopies(this, 'MomentoRequestError');
  }

  override readonly name = 'MomentoRequestError';

  constructor(
    readonly code: keyof typeof advices,
    sentence: string,
  ) {
    super(sentence, advices[code]);
  }
}
