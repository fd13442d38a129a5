import { MomentoError, nameForAllCopies } from '../../foundation/momento.errors.js';
import { quoteName } from '../../foundation/text/redaction.js';

/** A message that is not what the codec or the schema of its topic says. It does not show what was in it. */
export class MomentoMessageError extends MomentoError {
  static {
    nameForAllCopies(this, 'MomentoMessageError');
  }

  override readonly name = 'MomentoMessageError';
  readonly code = 'message-unreadable';

  /**
   * @param cursor of the message, `"page:number"`
   * @param reason without any part of the message
   */
  constructor(
    readonly topic: string,
    readonly cursor: string,
    reason: string,
  ) {
    super(
      `Message ${cursor} of topic ${quoteName(topic)} cannot be read: ${reason}.`,
      'Somebody publishes in another way: compare codec and schema of both sides.',
    );
  }
}
