import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SecretsManagerLocal, type SecretsManagerLocalOptions } from '../secrets-manager-local.js';

async function start(options: SecretsManagerLocalOptions = {}): Promise<SecretsManagerLocal> {
  const secrets = await SecretsManagerLocal.start(options);
  onTestFinished(() => secrets.stop());
  secrets.putSecret('key', 'canary');
  return secrets;
}

/** Reads the secret through the path of the Lambda extension, which a page could do with a GET. */
async function read({ port }: SecretsManagerLocal, headers: Readonly<Record<string, string>>) {
  const sending = request({
    port,
    host: '127.0.0.1',
    path: '/secretsmanager/get?secretId=key',
    headers: { 'x-aws-parameters-secrets-token': 'any', ...headers },
  }).end();
  const [response] = await once(sending, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, text };
}

const PASSES = { status: 200, text: expect.stringContaining('canary') };

/** Says so, shows nothing of the secret, and carries nothing out. */
async function expectRefused(secrets: SecretsManagerLocal, headers: Record<string, string>, message: string) {
  const callCount = secrets.callCount();
  const { status, text } = await read(secrets, headers);
  expect({ status, answer: JSON.parse(text) }).toEqual({
    status: 403,
    answer: { __type: 'InvalidRequestException', Message: expect.stringContaining(message) },
  });
  expect(text).not.toContain('canary');
  expect(secrets.callCount()).toBe(callCount);
}

/** What is answered to these bytes until the connection ends. */
async function answerTo(port: number, send: (write: (text: string | Buffer) => boolean) => unknown) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString())).on('error', () => undefined);
  // Not `once`, which fails when the other side closes in the middle of a write.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await send((data) => socket.write(data));
  await closed;
  return received;
}

describe('SecretsManagerLocal and who calls it', () => {
  it.each(['localhost', 'LOCALHOST:2773', '127.0.0.1:1', '127.1.2.3', '[::1]:8081', '[::1]'])(
    'answers requests for %s',
    async (host) => {
      expect(await read(await start(), { host })).toEqual(PASSES);
    },
  );

  it.each([
    ['evil.example', "'evil.example'"],
    ['evil.example:8081', "'evil.example'"],
    ['127.0.0.1.evil.example', "'127.0.0.1.evil.example'"],
    ['localhost.evil.example', 'allowedHosts'],
    ['127.999.999.999', 'allowedHosts'],
    ['10.0.0.1', 'Reach it by localhost or 127.0.0.1'],
    ['localhost@evil.example', 'allowedHosts'],
    ['x'.repeat(5_000), `'${'x'.repeat(100)}'`],
  ])('refuses requests for %.40s', async (host, message) => {
    await expectRefused(await start(), { host }, message);
  });

  it('refuses requests for no host at all, which HTTP/1.0 allows', async () => {
    const { port } = await start();

    expect(await answerTo(port, (write) => write('GET / HTTP/1.0\r\n\r\n'))).toMatch(/^HTTP\/1.1 403 /);
  });

  it.each(['http://evil.example', 'http://localhost:3000', 'null', ''])(
    'refuses requests of the origin %j',
    async (origin) => {
      await expectRefused(await start(), { origin }, 'answers no web pages');
    },
  );

  it('answers requests for the names that it was given', async () => {
    const secrets = await start({ allowedHosts: ['secrets.test', 'Other'] });

    expect(await read(secrets, { host: 'secrets.test:8081' })).toEqual(PASSES);
    expect(await read(secrets, { host: 'other' })).toEqual(PASSES);
    await expectRefused(secrets, { host: 'third' }, "'third'");
  });

  it('answers requests for any address, but for no name, when it listens on every address', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    onTestFinished(() => emitWarning.mockRestore());
    const secrets = await start({ hostname: '0.0.0.0' });

    expect(await read(secrets, { host: '192.168.1.7:8081' })).toEqual(PASSES);
    await expectRefused(secrets, { host: 'rebound.example:8081' }, 'rebound.example');
  });
});

describe('SecretsManagerLocal and bodies without end', () => {
  const head = (line: string) => `POST / HTTP/1.1\r\nhost: localhost\r\n${line}\r\n\r\n`;

  it('refuses a body of more than 11 MB by its length, before a byte of it has come', async () => {
    const { port } = await start();

    const answer = await answerTo(port, (write) => write(head('content-length: 11534337')));

    expect(answer).toMatch(/^HTTP\/1.1 413 [^]*connection: close[^]*RequestEntityTooLargeException/i);
  });

  it('stops reading a body that says nothing of its length after 11 MB', async () => {
    const { port } = await start();
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);

    // It would go on for ever.
    const answer = await answerTo(port, (write) => {
      write(head('transfer-encoding: chunked'));
      const sending = setInterval(() => {
        for (let sent = 0; sent < 32; sent += 1) write(chunk);
      }, 1);
      onTestFinished(() => clearInterval(sending));
    });

    expect(answer).toMatch(/^(HTTP\/1.1 413 |$)/);
  });

  it('answers a body of less to its end', async () => {
    const secrets = await start();
    const response = await fetch(secrets.endpoint, { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024) });

    expect(response.status).toBe(413);
  });
});
