import {
  AllCaches,
  AllTopics,
  AuthClient,
  AuthClientConfigurations,
  CacheRole,
  CredentialProvider,
  ExpiresIn,
  GenerateDisposableToken,
  type Middleware,
  MomentoErrorCode,
  TopicClient,
  TopicConfigurations,
  TopicRole,
} from '@gomomento/sdk';
import type { TestingModule } from '@nestjs/testing';
import {
  CacheService,
  MomentoCredentials,
  MomentoModule,
  type MomentoModuleOptions,
  type TopicGap,
  TopicService,
} from 'nestjs-momento';
import { MomentoLocal } from 'nestjs-momento/local';
import { describe, expect, it, vi } from 'vitest';
import { awsEnvironment } from '../../support/aws-environment.js';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { runProgram } from '../../support/child-process.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const apps = useApps(servers);
const logs = captureLogs();
const patient = { timeout: 12_000, interval: 20 };

describe('a subscription never dies in silence', { timeout: 40_000 }, () => {
  let app: TestingModule;
  let topics: TopicService;

  async function boot(options: MomentoModuleOptions = {}): Promise<void> {
    app = await apps.start(MomentoModule.forRoot(apps.options({ refresh: false, ...options })));
    logs.start();
    topics = app.get(TopicService);
  }

  /** What the service and a raw subscription are told of the topic `numbers`. */
  async function listen() {
    const heard = {
      service: [] as number[],
      raw: [] as number[],
      errors: [] as string[],
      gaps: [] as TopicGap[],
    };
    const subscription = await topics.subscribe<number>(
      'numbers',
      ({ value }) => void heard.service.push(value),
      { onGap: (gap) => void heard.gaps.push(gap) },
    );
    await app.get(TopicClient).subscribe('demo-cache', 'numbers', {
      onItem: (item) => heard.raw.push(Number(item.value())),
      onError: (error) => heard.errors.push(error.errorCode()),
    });
    return { ...heard, subscription };
  }

  async function publish(from: number, to: number): Promise<void> {
    for (let number = from; number <= to; number += 1) await topics.publish('numbers', number);
  }
  const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

  it('after one passing UNAUTHENTICATED of the key in use, which loses no message', async () => {
    await boot({
      topicConfiguration: TopicConfigurations.Default.latest().addMiddleware(
        failStreams('AUTHENTICATION_ERROR', { streams: 2, afterMessages: 3 }),
      ),
    });
    const { service, raw, errors, subscription } = await listen();
    await publish(1, 2);
    await vi.waitFor(() => expect(subscription.status).toBe('reconnecting'), patient);
    await publish(3, 7);
    await vi.waitFor(() => expect([service, raw]).toEqual([upTo(7), upTo(7)]), patient);
    expect(subscription.status).toBe('live');
    expect(errors).toEqual([]);
  });

  it('after a rotation to a key that may not subscribe: said once, and live when it may', async () => {
    await boot();
    const { service, raw, errors, gaps, subscription } = await listen();
    await publish(1, 3);
    await vi.waitFor(() => expect([service, raw]).toEqual([upTo(3), upTo(3)]), patient);
    const allowed = servers.apiKey;
    servers.secrets.putSecret('Momento_Auth_Token', await issueKeyThatOnlyPublishes());
    await app.get(MomentoCredentials).refreshNow();
    servers.momento.revokeApiKey(allowed);
    await vi.waitFor(() => expect(errors).toEqual([MomentoErrorCode.PERMISSION_ERROR]), patient);
    const refusals = logs.lines.filter((line) => line.includes('PERMISSION_ERROR'));
    expect(refusals).toEqual([expect.stringMatching(/'numbers' in cache 'demo-cache'.*role.*tried again/)]);
    expect(subscription.status).toBe('reconnecting');

    await publish(4, 6);
    servers.secrets.putSecret('Momento_Auth_Token', servers.momento.issueApiKey());
    await app.get(MomentoCredentials).refreshNow();
    await vi.waitFor(() => expect([service, raw]).toEqual([upTo(6), upTo(6)]), patient);
    expect([errors, gaps]).toEqual([[MomentoErrorCode.PERMISSION_ERROR], []]);
    expect(logs.lines.filter((line) => line.includes('PERMISSION_ERROR'))).toHaveLength(1);
  });

  it('in an outage that Momento’s memory does not span: what was lost is told once', async () => {
    let nowMs = Date.now();
    const momento = await MomentoLocal.start({ caches: ['demo-cache'], now: () => nowMs });
    await boot({
      credentials: CredentialProvider.forMomentoLocal({ hostname: momento.hostname, port: momento.port }),
      endpoint: undefined,
    });
    const { service, raw, gaps } = await listen();
    const unheard: number[] = [];
    await topics.subscribe<number>('numbers', ({ value }) => void unheard.push(value));
    await publish(1, 40);
    await vi.waitFor(() => expect([service, raw, unheard]).toEqual([upTo(40), upTo(40), upTo(40)]), patient);
    momento.faults.fail('topic-subscribe', 'UNAVAILABLE');
    momento.faults.cut('topic-subscribe');
    await publish(41, 75);
    nowMs += 8_000;
    momento.faults.clear();
    await publish(76, 86);
    const got = [...upTo(40), ...upTo(86).slice(75)];
    await vi.waitFor(() => expect([service, raw, unheard]).toEqual([got, got, got]), patient);
    const page = gaps[0]?.from.split(':')[0];
    expect(gaps).toEqual([
      { topic: 'numbers', cacheName: 'demo-cache', from: `${page}:40`, to: `${page}:75`, missed: 35 },
    ]);
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^warn \[TopicService\] 35 messages of topic 'numbers' in cache 'demo-cache' were lost, .*onGap/,
      ),
    ]);
    await app.close();
    await momento.stop();
  });

  it('until it is unsubscribed or the app closes, which ends it: status and ended say so', async () => {
    await boot();
    const first = await topics.subscribe('news', () => undefined);
    const second = await topics.subscribe('news', () => undefined);
    expect([first.status, second.status]).toEqual(['live', 'live']);
    await first.unsubscribe();
    await first.ended;
    expect([first.status, second.status]).toEqual(['closed', 'live']);
    await app.close();
    await second.ended;
    expect(second.status).toBe('closed');
    await vi.waitFor(() => expect(servers.momento.stats().subscriptions).toBe(0), patient);
  });

  it('and hands out nothing any more once the app closes', async () => {
    await boot();
    const handled: unknown[] = [];
    await topics.subscribe('news', ({ value }) => void handled.push(value));
    servers.momento.faults.delay('get', 300, { times: 1 });
    const inFlight = app.get(CacheService).get('key');
    await vi.waitFor(() => expect(servers.momento.requestCount('get')).toBe(1), { interval: 5 });
    const closing = app.close();
    const publisher = new TopicClient({
      credentialProvider: CredentialProvider.fromString({
        authToken: servers.apiKey,
        endpointOverrides: servers.momento.endpoints,
      }),
      configuration: TopicConfigurations.Default.latest(),
    });
    await publisher.publish('demo-cache', 'news', '"late"');
    await closing;
    await inFlight;
    expect(handled).toEqual([]);
  });

  it('in a process that does nothing but listen: an outage does not end it', async () => {
    await boot();
    const exit = await runProgram(new URL('./fixtures/listener.program.ts', import.meta.url), {
      args: [servers.secrets.endpoint, servers.momento.endpoints.cacheEndpoint],
      env: awsEnvironment,
      onFirstLine: () => void outage(),
    });
    async function outage(): Promise<void> {
      const { faults } = servers.momento;
      faults.fail('topic-subscribe', 'PERMISSION_DENIED');
      faults.cut('topic-subscribe');
      await vi.waitFor(
        () => expect(servers.momento.requestCount('topic-subscribe')).toBeGreaterThan(1),
        patient,
      );
      // Not later: each pause is twice as long as the one before.
      faults.clear();
      await vi.waitFor(() => expect(servers.momento.stats().subscriptions).toBe(1), patient);
      await topics.publish('news', 'at last');
    }
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(exit.said).toEqual([{ booted: true }, { value: 'at last' }, { status: 'closed' }]);
    expect(exit.lingeredMs).toBeLessThan(2_000);
  });

  /** A key that works for everything but subscriptions. */
  async function issueKeyThatOnlyPublishes(): Promise<string> {
    const auth = new AuthClient({
      configuration: AuthClientConfigurations.Default.latest({
        getLogger: () => ({ error() {}, warn() {}, info() {}, debug() {}, trace() {} }),
      }),
      credentialProvider: CredentialProvider.fromString({
        authToken: servers.apiKey,
        endpointOverrides: servers.momento.endpoints,
      }),
    });
    const permissions = [
      { role: CacheRole.ReadWrite, cache: AllCaches },
      { role: TopicRole.PublishOnly, cache: AllCaches, topic: AllTopics },
    ];
    const answer = await auth.generateDisposableToken({ permissions }, ExpiresIn.minutes(5));
    if (!(answer instanceof GenerateDisposableToken.Success)) throw new Error(answer.toString());
    return answer.authToken;
  }
});

/** Asks Momento to end the first streams after so many messages, heartbeats included. */
function failStreams(
  code: string,
  { streams, afterMessages }: Record<'streams' | 'afterMessages', number>,
): Middleware {
  let left = streams;
  const pass = async <T>(value: T) => value;
  return {
    onNewRequest: () => {
      let isSubscription = false;
      return {
        onRequestMetadata: async (metadata) => {
          const headers = {
            'request-id': `stream-${left}`,
            'stream-error-rpcs': 'topic-subscribe',
            'stream-error': code,
            'stream-error-message-limit': String(afterMessages),
          };
          isSubscription = left > 0;
          if (!isSubscription) return metadata;
          for (const [name, value] of Object.entries(headers)) metadata._grpcMetadata.set(name, value);
          return metadata;
        },
        onRequestBody: async (request) => {
          if (isSubscription && request.constructorName() === '_SubscriptionRequest') left -= 1;
          return request;
        },
        onResponseMetadata: pass,
        onResponseBody: pass,
        onResponseStatus: pass,
      };
    },
  };
}
