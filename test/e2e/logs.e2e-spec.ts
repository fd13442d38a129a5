import { CacheClient, Configurations } from '@gomomento/sdk';
import { MomentoModule, getCacheServiceToken, CacheService } from 'nestjs-momento';
import { overrideMomento } from 'nestjs-momento/testing';
import { Test } from '@nestjs/testing';
import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import { useApps } from '../support/apps.js';
import { captureLogs } from '../support/capture-logs.js';
import { useEmbeddedServers } from '../support/embedded-servers.js';

const servers = useEmbeddedServers();
const apps = useApps(servers);
/** What Nest prints when nobody tells it what to. */
const logs = captureLogs(['error', 'warn', 'log', 'debug', 'verbose']);

const ours = () => logs.lines.filter((line) => !line.startsWith('log [InstanceLoader]'));

beforeEach(() => Logger.overrideLogger(['fatal', 'error', 'warn', 'log', 'debug', 'verbose']));

/** Boots under the logger that keeps the lines. */
async function bootLogged(...imports: Parameters<typeof apps.start>) {
  const builder = Test.createTestingModule({ imports }).setLogger(logs.logger);
  return apps.keep(await builder.compile());
}

describe('a boot', () => {
  it('says one line', async () => {
    await bootLogged(MomentoModule.forRoot(apps.options()));
    expect(ours()).toEqual([
      expect.stringMatching(
        /^log \[Momento\] Connected: secret 'Momento_Auth_Token' in us-west-2, version [\w-]+, cache 'demo-cache'\.$/,
      ),
    ]);
  });

  it('says what is kept near', async () => {
    await bootLogged(MomentoModule.forRoot(apps.options({ cache: { nearCache: {} } })));
    expect(ours()).toEqual([expect.stringMatching(/, cache 'demo-cache', near cache of 10000 items\.$/)]);
  });

  it('says one line a connection, with its name', async () => {
    const { credentials, endpoint } = apps.options();
    await bootLogged(
      MomentoModule.forRoot(apps.options()),
      MomentoModule.forRoot({ credentials, endpoint, name: 'analytics' }),
    );
    expect(ours().toSorted()).toEqual([
      expect.stringMatching(
        /^log \[Momento 'analytics'\] Connected: secret '.*' in us-west-2, version [\w-]+\.$/,
      ),
      expect.stringMatching(/^log \[Momento\] Connected: .*, cache 'demo-cache'\.$/),
    ]);
  });

  it('says nothing where nothing is connected', async () => {
    const builder = Test.createTestingModule({ imports: [MomentoModule.forRoot(apps.options())] });
    apps.keep(await overrideMomento(builder.setLogger(logs.logger)).compile());
    expect(ours()).toEqual([]);
  });
});

describe('an outage', () => {
  it('says each kind of line once in 10 s, however many calls fail', async () => {
    const configuration = Configurations.Laptop.latest().withClientTimeoutMillis(300);
    const app = await bootLogged(
      MomentoModule.forRoot(apps.options({ configuration })),
      MomentoModule.forRoot({ ...apps.options({ configuration }), name: 'analytics' }),
    );
    await servers.momento.faults.down();
    Logger.overrideLogger(logs.logger);
    logs.forget();
    const caches = [app.get(CacheService), app.get<CacheService>(getCacheServiceToken('analytics'))];
    for (const cache of caches) {
      for (let call = 0; call < 5; call += 1) {
        await cache.getOrSet(`key ${call}`, () => 'loaded');
        await cache.get(`key ${call}`).catch(() => undefined);
      }
    }
    const isOfLoader = (line: string) =>
      /^debug \[CacheService.*\] Loaded 'key \d' from the loader in /.test(line);
    // At this level, each run of a loader is a line.
    expect(ours().filter(isOfLoader)).toHaveLength(10);
    const said = ours().filter((line) => !isOfLoader(line));
    const kinds = said.map((line) => line.replace(/\d+/g, '0').replace(/'key 0'/g, ''));
    expect(new Set(kinds).size).toBe(kinds.length);
    expect(ours().filter((line) => line.includes('Going on without the cache'))).toEqual([
      expect.stringContaining('warn [CacheService] Going on'),
      expect.stringContaining("warn [CacheService 'analytics'] Going on"),
    ]);
    expect(said.length).toBeLessThanOrEqual(8);
  });
});

describe('sdkLogs', () => {
  it("'debug' passes on what the SDK says, as debug and verbose", async () => {
    const app = await bootLogged(MomentoModule.forRoot(apps.options({ sdkLogs: 'debug' })));
    await app.get(CacheClient).get('demo-cache', 'key');
    expect(logs.lines.filter((line) => /^(debug|verbose) \[Momento /.test(line)).length).toBeGreaterThan(5);
  });

  it('of another kind fails the boot', async () => {
    const sdkLogs = 'all' as 'debug';
    await expect(bootLogged(MomentoModule.forRoot(apps.options({ sdkLogs })))).rejects.toMatchObject({
      code: 'invalid-options',
      message: expect.stringContaining("sdkLogs: must be 'warn' or 'debug', not a string"),
    });
  });
});
