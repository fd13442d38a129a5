import { AwsError, constraintViolation } from '../aws-error.js';

/** The members of an AWS JSON request, each checked for its type when read. An absent or null member is `undefined`. */
export class RequestFields {
  readonly #fields: Readonly<Record<string, unknown>>;

  private constructor(value: unknown) {
    if (!isRecord(value)) throw new AwsError('SerializationException', 'Start of structure expected.');
    this.#fields = value;
  }

  /**
   * An empty body has no members.
   * @throws AwsError `SerializationException` when the body is not a JSON object
   */
  static parse(body: string): RequestFields {
    return new RequestFields(parseJson(body === '' ? '{}' : body));
  }

  string(name: string): string | undefined {
    const value = this.#present(name);
    if (value === undefined || typeof value === 'string') return value;
    throw wrongType(value, 'a String');
  }

  requiredString(name: string): string {
    const value = this.string(name);
    if (value === undefined) throw constraintViolation('null', memberName(name), 'Member must not be null');
    return value;
  }

  integer(name: string): number | undefined {
    const value = this.#present(name);
    if (value === undefined || (typeof value === 'number' && Number.isInteger(value))) return value;
    throw wrongType(value, 'an Integer');
  }

  boolean(name: string): boolean | undefined {
    const value = this.#present(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw wrongType(value, 'a Boolean');
  }

  strings(name: string): string[] | undefined {
    const value = this.#present(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw wrongType(value, 'a List of Strings');
  }

  structures(name: string): RequestFields[] | undefined {
    const value = this.#present(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value)) return value.map((item: unknown) => new RequestFields(item));
    throw wrongType(value, 'a List of Structures');
  }

  /** Bytes, base64 on the wire. */
  bytes(name: string): Uint8Array | undefined {
    const text = this.string(name);
    return text === undefined ? undefined : Buffer.from(text, 'base64');
  }

  #present(name: string): unknown {
    return this.#fields[name] ?? undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the body, which may hold a secret.
    throw new AwsError('SerializationException', 'The request body is not valid JSON.');
  }
}

/** `SecretId` → `secretId`, as AWS names members in validation messages. */
const memberName = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

const wrongType = (value: unknown, expected: string) =>
  new AwsError(
    'SerializationException',
    `${(Array.isArray(value) ? 'list' : typeof value).toUpperCase()}_VALUE can not be converted to ${expected}`,
  );
