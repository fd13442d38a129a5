import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { quoteName } from '../../foundation/text/redaction.js';
import { type ApiKey, expiry, parseApiKey, parseJson, parseJsonObject } from '../key/api-key.js';
import type { FetchedSecret } from './credential-source.js';
import { Secret } from '../key/secret.js';

/** The fields that hold a key in the wild: the console's download, Momento's key-refresh Lambda, the HTTP API's download. */
const keyFields = ['apiKey', 'authToken', 'api_key'] as const;

/**
 * Reads a secret's content as a key: plaintext or JSON, text or binary.
 *
 * @param from what the secret is, for the errors
 * @throws MomentoConfigurationError `secret-empty`, `secret-field-missing` or `key-malformed`; none holds any part of the content
 */
export function parseSecretContent(fetched: FetchedSecret, from: string): ApiKey {
  const text = toText(fetched.content).trim();
  if (text === '') {
    throw new MomentoConfigurationError(
      'secret-empty',
      `The value of ${from} is empty.`,
      'Store a Momento key in it, in plaintext.',
    );
  }
  const json = parseJsonObject(text);
  const key =
    json === undefined ? keyFromPlaintext(text, fetched.field, from) : keyFromJson(json, fetched.field, from);
  const endpoint = key.endpoint ?? fetched.endpoint;
  return { ...key, ...(endpoint !== undefined && { endpoint }) };
}

/** Content as the library's own sources give it, so that printing what they fetched shows nothing. */
export function sealContent(content: string | Uint8Array): Secret {
  return new Secret(toText(content));
}

function toText(content: FetchedSecret['content']): string {
  if (content instanceof Secret) return content.reveal();
  return typeof content === 'string' ? content : new TextDecoder().decode(content);
}

function keyFromPlaintext(text: string, field: string | undefined, from: string): ApiKey {
  if (field !== undefined) throw fieldMissing(quoteName(field), from, 'its value is not a JSON object');
  const quoted = parseJson(text);
  return parseApiKey(typeof quoted === 'string' ? quoted : text, from);
}

function keyFromJson(json: Record<string, unknown>, field: string | undefined, from: string): ApiKey {
  const found = (field === undefined ? keyFields : [field]).find((name) => isFilled(json[name]));
  const text = found === undefined ? undefined : json[found];
  if (typeof text !== 'string') {
    const wanted = (field === undefined ? keyFields : [field]).map(quoteName).join(', ');
    throw fieldMissing(
      wanted,
      from,
      `it has the fields ${Object.keys(json).length === 0 ? '(none)' : describeFields(json)}`,
    );
  }
  const key = parseApiKey(text, from);
  const { endpoint, validUntil } = json;
  return {
    ...key,
    // Beside a legacy or v1 key an `endpoint` is the same host again, or the one to use instead.
    ...(isFilled(endpoint) && { endpoint: endpoint.trim() }),
    ...expiry(validUntil),
  };
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

/** Names are shown only when they look like names: a key that was stored as a field's name stays hidden. */
function describeFields(json: Record<string, unknown>): string {
  return Object.keys(json)
    .map((name) => (/^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(name) ? `'${name}'` : '(another)'))
    .join(', ');
}

function fieldMissing(wanted: string, from: string, why: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'secret-field-missing',
    `The value of ${from} has no text in ${wanted}: ${why}.`,
    "Store the key in plaintext or in the field 'apiKey', or name its field with the option field.",
  );
}
