import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsEnvironment } from '../../support/aws-environment.js';
import { createAuthority } from '../../support/certificates.js';
import { runProgram } from '../../support/child-process.js';

const program = new URL('./fixtures/tls-app.program.ts', import.meta.url);
const authority = createAuthority();
/** The hosts of a region, of a private link, and one of one's own. */
const hosts = ['cache', 'control', 'token'].flatMap((plane) => [
  `${plane}.momento.test`,
  `vpce.${plane}.momento.test`,
]);

describe('Momento over TLS, as in production', { timeout: 60_000 }, () => {
  let folder: string;
  let authorityFile: string;
  let momento: MomentoLocal;
  let secrets: SecretsManagerLocal;
  /** As they are stored, and what is in them. */
  const keys: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-momento-tls-'));
    authorityFile = join(folder, 'authority.pem');
    await writeFile(authorityFile, authority.cert);
    const tls = { ...authority.issue([...hosts, 'own.momento.test']), endpointHost: 'momento.test' };
    momento = await MomentoLocal.start({ caches: ['demo-cache'], tls });
    secrets = await SecretsManagerLocal.start();
    for (const [secretId, version] of [
      ['v1', 1],
      ['v2', 2],
    ] as const) {
      const key = momento.issueApiKey({ version });
      secrets.putSecret(secretId, key);
      keys.push(key, Buffer.from(key, 'base64').toString());
    }
  });
  afterAll(async () => {
    await Promise.all([momento.stop(), secrets.stop(), rm(folder, { recursive: true })]);
  });

  /** Runs an app that reads the key from this secret, with what its environment says of trust. */
  const run = (secretId: string, endpoint: string | object | undefined, trust: NodeJS.ProcessEnv) =>
    runProgram(program, {
      args: [secrets.endpoint, secretId, endpoint === undefined ? '' : JSON.stringify(endpoint)],
      env: {
        ...awsEnvironment,
        // What this machine trusts besides is no part of the test.
        NODE_EXTRA_CA_CERTS: undefined,
        GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: undefined,
        ...trust,
      },
    });

  const trusting = () => ({ NODE_EXTRA_CA_CERTS: authorityFile });
  const address = () => `momento.test:${momento.port}`;
  const works = { code: 0, said: [{ cached: 'hello', received: ['message'] }] };

  it('a v1 key leads to the hosts of the endpoint that it names', async () => {
    expect(await run('v1', undefined, trusting())).toMatchObject(works);
    expect(new Set(momento.requests.map(({ keyVersion }) => keyVersion))).toEqual(new Set([1]));
  });

  it.each<[string, () => string | object]>([
    ['a region’s endpoint', address],
    ['a private link', () => ({ baseEndpoint: address(), endpointPrefix: 'vpce' })],
    [
      'hosts of one’s own',
      () => {
        const host = `own.momento.test:${momento.port}`;
        return { cacheEndpoint: host, controlEndpoint: host, tokenEndpoint: host };
      },
    ],
  ])('a v2 key, with %s', async (_what, endpoint) => {
    const connections = momento.connectionsAccepted;

    expect(await run('v2', endpoint(), trusting())).toMatchObject(works);
    expect(momento.requests.at(-1)).toMatchObject({ keyVersion: 2 });
    expect(momento.connectionsAccepted).toBeGreaterThan(connections);
  });

  it('trusts the roots that gRPC is given, as well', async () => {
    const trust = { GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: authorityFile };

    expect(await run('v1', undefined, trust)).toMatchObject(works);
  });

  it.each<[string, string, () => string | undefined, () => NodeJS.ProcessEnv]>([
    ['a v1 key, a certificate of an unknown authority', 'v1', () => undefined, () => ({})],
    ['a v2 key, a certificate of an unknown authority', 'v2', address, () => ({})],
    ['a v2 key, a certificate for other hosts', 'v2', () => `other-${address()}`, trusting],
  ])(
    'does not send the key without trust, and says what to do: %s',
    async (_case, secretId, endpoint, trust) => {
      const requestCount = momento.requestCount();

      const exit = await run(secretId, endpoint(), trust());

      expect(exit.said).toEqual([
        {
          failed: 'MomentoConfigurationError',
          message: expect.stringContaining(
            'Momento could not be reached within 3 s (its certificate is not trusted).',
          ),
          advice: expect.stringMatching(/NODE_EXTRA_CA_CERTS.*for the hosts of the endpoint/),
        },
      ]);
      expect(keys.filter((key) => exit.output.includes(key))).toEqual([]);
      expect(momento.requestCount()).toBe(requestCount);
    },
  );
});
