import { MomentoRequestError } from 'nestjs-momento/microservices';
import { take } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { patient, useMicroservices } from './microservices.fixture.js';
import { failureOf, parts, Work } from './work.fixture.js';

const { servers, startClient, startService } = useMicroservices();

describe('a request', () => {
  it('that nobody hears ends by its time limit, and says what to look at', async () => {
    const { client } = await startClient({ timeoutMs: 50 });
    const failure = await failureOf(client.send({ cmd: `no\nbody ${servers.apiKey}` }, {}));
    expect(failure).toBeInstanceOf(MomentoRequestError);
    expect(failure).toMatchObject({
      code: 'no-answer',
      message: expect.stringMatching(/^No answer to '\{"cmd":"no.*' came within 50 ms\. .*same topicPrefix/),
    });
    expect(String(failure)).not.toContain(servers.apiKey);
    expect(String(failure)).not.toContain('\n');
    expect(client.stats()).toEqual({ pending: 0, unmatched: 0, malformed: 0 });
  });

  it('that has no further answer ends so as well, and its handler is told', async () => {
    const { client, server } = await startService({ ...parts, client: { timeoutMs: 200 } });
    expect(await failureOf(client.send('one, then none', {}))).toMatchObject({
      code: 'no-answer',
      message: expect.stringMatching(/^No (further )?answer to 'one, then none' came within 200 ms/),
    });
    await vi.waitFor(() => expect(server.stats().running).toBe(0), patient);
  });

  it('leaves nothing open, 300 times: answered, enough of it, left', async () => {
    const { client, server } = await startService(parts);
    const hundred = Array.from({ length: 100 }, (_, index) => index);
    const left = hundred.map(() => client.send('never', {}).subscribe({ error: () => undefined }));
    await vi.waitFor(() => expect(server.stats().running).toBe(100), patient);
    const requests = hundred.flatMap((index) => [
      failureOf(client.send('echo', index)),
      failureOf(client.send('one, then none', {}).pipe(take(1))),
    ]);
    expect(await Promise.all(requests)).toEqual(hundred.flatMap((index) => [[index], [1]]));
    for (const one of left) one.unsubscribe();
    expect(client.stats().pending).toBe(0);
    await vi.waitFor(() => expect(server.stats().running).toBe(0), patient);
  }, 40_000);

  it('that is left before it is sent is not sent', async () => {
    const { client, app } = await startService(parts);
    client.send('echo', 1).subscribe().unsubscribe();
    expect(await failureOf(client.send('echo', 2))).toEqual([2]);
    expect(app.get(Work).heard).toEqual([2]);
  });

  it('fails when its topic of answers is refused, and the next one tries again', async () => {
    const { client } = await startService(parts);
    servers.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });
    expect(await failureOf(client.send('echo', 1))).toMatchObject({
      name: 'MomentoTopicError',
      message: expect.stringContaining('give it the role'),
    });
    expect(await failureOf(client.send('echo', 2))).toEqual([2]);
  });

  it.each(['topic-publish', 'topic-subscribe'] as const)('fails when %s has no answer', async (rpc) => {
    const { client } = await startClient({ timeoutMs: 100 });
    servers.momento.faults.delay(rpc, 500);
    expect(await failureOf(client.send('echo', 1))).toMatchObject({ code: 'no-answer' });
    expect(client.stats().pending).toBe(0);
  });
});
