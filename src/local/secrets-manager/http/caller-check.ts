import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback, unbracketed } from '../../loopback.js';
import { AwsError } from '../aws-error.js';

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
const PORT = /:\d{1,5}$/;
const MAX_SHOWN_CHARACTERS = 100;

/**
 * Keeps web pages out: a browser on this machine reaches what listens here, and a page whose name its owner resolves to
 * 127.0.0.1 may even read the answers. Such a request names the page's host, or has an `Origin`; an AWS SDK does neither.
 */
export class CallerCheck {
  readonly #listensEverywhere: boolean;
  readonly #names: ReadonlySet<string>;

  /**
   * @param hostname where the server listens
   * @param allowedHosts further names by which its clients reach it
   */
  constructor(hostname: string, allowedHosts: readonly string[]) {
    this.#listensEverywhere = ANY_ADDRESS.has(hostname);
    this.#names = new Set([hostname, ...allowedHosts].map((name) => unbracketed(name).toLowerCase()));
  }

  /** The error to refuse a request with; `undefined` when it may pass. */
  refusalOf({ host, origin }: IncomingHttpHeaders): AwsError | undefined {
    if (origin !== undefined) {
      return refusal('This local Secrets Manager answers no web pages: the request has an Origin.');
    }
    const name = unbracketed((host ?? '').replace(PORT, '')).toLowerCase();
    return this.#knows(name)
      ? undefined
      : refusal(
          `This local Secrets Manager does not know the host '${name.slice(0, MAX_SHOWN_CHARACTERS)}'. ` +
            'Reach it by localhost or 127.0.0.1, or list the host in its option allowedHosts.',
        );
  }

  #knows(name: string): boolean {
    // An address cannot be resolved to another one, as a name can.
    return isLoopback(name) || this.#names.has(name) || (this.#listensEverywhere && isIP(name) !== 0);
  }
}

function refusal(message: string): AwsError {
  return new AwsError('InvalidRequestException', message, 403);
}
