import { type CredentialSource, fromSecretsManager, Secret } from 'nestjs-momento';

/**
 * The embedded Secrets Manager, for tests in which a key leads to another embedded Momento. A secret alone may not lead to a
 * server on this machine; a source of one's own that names the endpoint beside the key may.
 */
export function fromSecretsOfThisMachine(endpoint: string): CredentialSource {
  const source = fromSecretsManager({ endpoint });
  return {
    describe: () => source.describe(),
    fetch: async (context) => {
      const found = await source.fetch(context);
      if (!('content' in found) || !(found.content instanceof Secret)) return found;
      const named = endpointOf(found.content.reveal());
      return { ...found, ...(named !== undefined && { endpoint: named }) };
    },
    close: () => source.close?.(),
  };
}

/** What a v1 key says; undefined for anything else. */
function endpointOf(key: string): string | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(key, 'base64').toString());
    const endpoint: unknown = Reflect.get(Object(content), 'endpoint');
    return typeof endpoint === 'string' ? endpoint : undefined;
  } catch {
    return undefined;
  }
}
