import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  CacheClient,
  Configurations,
  CredentialProvider,
  TopicClient,
  TopicConfigurations,
  TopicSubscribe,
} from '@gomomento/sdk';
import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { once } from 'node:events';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { createAuthority } from '../../support/certificates.js';

// A test that uses both servers in one process, and forgets to stop them.
const momento = await MomentoLocal.start({ caches: ['demo-cache'] });
const secrets = await SecretsManagerLocal.start();
secrets.putSecret('key', 'value');

const say = (said: object) => console.log(JSON.stringify(said));
const { hostname, port } = momento;
const credentialProvider = CredentialProvider.forMomentoLocal({ hostname, port });

async function useServers(): Promise<void> {
  const aws = new SecretsManagerClient({
    endpoint: secrets.endpoint,
    region: 'us-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { SecretString: secret } = await aws.send(new GetSecretValueCommand({ SecretId: 'key' }));
  const configuration = Configurations.Laptop.latest();
  const cacheClient = new CacheClient({ credentialProvider, configuration, defaultTtlSeconds: 60 });
  const answer = (await cacheClient.set('demo-cache', 'k', 'v')).toString();
  say({ secret, answer });
  cacheClient.close();
  aws.destroy();
}

/** What is under way when nobody looks any more: answers that are delayed, and connections that say nothing. None holds the process. */
async function leaveWorkBehind(): Promise<void> {
  momento.faults.delay('get', 60_000);
  secrets.faults.delay(60_000);
  const session = connectHttp2(`http://${momento.endpoints.cacheEndpoint}`);
  session.unref();
  session
    .request({
      ':method': 'POST',
      ':path': '/cache_client.Scs/Get',
      'content-type': 'application/grpc',
      'grpc-timeout': '1M',
      te: 'trailers',
    })
    .end(Buffer.alloc(5));
  const reading = request(secrets.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'secretsmanager.GetSecretValue' },
  }).end();
  reading.once('socket', (socket) => socket.unref());
  for (const silentPort of [port, secrets.port]) {
    await once(connect(silentPort, '127.0.0.1').unref(), 'connect');
  }
  while (momento.requestCount('get') === 0 || secrets.callCount() === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The same over TLS. */
async function leaveTlsBehind(): Promise<void> {
  const authority = createAuthority();
  const tls = authority.issue(['localhost']);
  const server = await MomentoLocal.start({ tls });
  const session = connectHttp2(`https://localhost:${server.port}`, { ca: authority.cert });
  await once(session, 'remoteSettings');
  session.unref();
}

/** A client with work outstanding holds the process by itself. */
async function awaitSlowAnswers(): Promise<void> {
  momento.faults.delay('get', 1_500, { times: 1 });
  const configuration = Configurations.Laptop.latest();
  const cacheClient = new CacheClient({ credentialProvider, configuration, defaultTtlSeconds: 60 });
  say({ answer: (await cacheClient.get('demo-cache', 'none')).toString() });
  const topics = new TopicClient({ credentialProvider, configuration: TopicConfigurations.Default.latest() });
  const subscriptions: TopicSubscribe.Response[] = [];
  const received = new Promise((resolve) => {
    void topics
      .subscribe('demo-cache', 't', { onItem: (item) => resolve(item.valueString()) })
      .then((answer) => void subscriptions.push(answer));
  });
  while (momento.stats().subscriptions === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  momento.faults.delay('topic-publish', 500, { times: 1 });
  void topics.publish('demo-cache', 't', 'hello');
  say({ received: await received });
  for (const subscription of subscriptions) {
    if (subscription instanceof TopicSubscribe.Subscription) subscription.unsubscribe();
  }
  cacheClient.close();
}

/** Nothing but the servers is left when they stop, and still they are to stop to the end. */
async function stop(): Promise<void> {
  const silent = connect(port, '127.0.0.1').unref();
  await once(silent, 'connect');
  silent.on('error', () => undefined);
  await momento.faults.down();
  await momento.faults.up();
  await Promise.all([momento.stop(), secrets.stop()]);
  say({ stopped: true });
}

const doings = {
  use: useServers,
  leave: leaveWorkBehind,
  tls: leaveTlsBehind,
  slow: awaitSlowAnswers,
  stop,
  nothing: async () => undefined,
};
const doing = process.argv[2] as keyof typeof doings;
await doings[doing]();
say({ done: doing });
