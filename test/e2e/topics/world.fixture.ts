import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { fromSecretsManager, MomentoCredentials, MomentoModule, TopicService } from 'nestjs-momento';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RotationStory } from '../../soak/rotation-soak.js';
import { type Place, Published } from '../../support/told.js';
import { type Kind, Listener } from './listener.fixture.js';
import { Publisher } from './publisher.fixture.js';

/** What streams can end with, and be refused with. */
export type Trouble = Parameters<MomentoLocal['faults']['fail']>[1];

const secretId = 'Momento_Auth_Token';
const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
const settleLimitMs = 20_000;

/** An app with its servers; what was published to one topic, and those who listen to it. */
export class World {
  readonly published = new Published();
  readonly listeners: Listener[] = [];
  readonly #clock: { nowMs: number };
  readonly secrets: SecretsManagerLocal;
  momento: MomentoLocal;
  #app: TestingModule | undefined;
  #apiKey: string | undefined;
  /** Somebody has listened from the beginning, so that the subscription for all has its place. */
  #hasKeeper = false;
  readonly #publisher = new Publisher(this.published);
  /** How often something went wrong. */
  #troubles = 0;
  #settled = { count: 0, troubles: 0 };
  readonly #pending: Promise<unknown>[] = [];

  private constructor(clock: { nowMs: number }, momento: MomentoLocal, secrets: SecretsManagerLocal) {
    this.#clock = clock;
    this.momento = momento;
    this.secrets = secrets;
    this.published.begin(clock.nowMs);
  }

  static async start(hasKeeper: boolean): Promise<World> {
    const clock = { nowMs: Date.UTC(2030, 0, 1) };
    const momento = await MomentoLocal.start({ caches: ['demo-cache'], now: () => clock.nowMs });
    const world = new World(clock, momento, await SecretsManagerLocal.start());
    await world.#boot();
    if (!hasKeeper) return world;
    await world.listen('subscribe');
    await world.settle();
    world.#hasKeeper = true;
    return world;
  }

  async #boot(): Promise<void> {
    this.#apiKey = this.momento.issueApiKey();
    this.secrets.putSecret(secretId, this.#apiKey);
    const momento = MomentoModule.forRoot({
      credentials: fromSecretsManager({ endpoint: this.secrets.endpoint }),
      endpoint: this.momento.endpoints,
      cacheName: 'demo-cache',
      refresh: false,
    });
    const module = await Test.createTestingModule({ imports: [momento] })
      .setLogger(silent)
      .compile();
    this.#app = await module.init();
  }

  get living(): Listener[] {
    return this.listeners.filter(({ hasLeft, error }) => !hasLeft && error === undefined);
  }

  get topics(): TopicService {
    if (this.#app === undefined) throw new Error('the app has not started');
    return this.#app.get(TopicService);
  }

  /** One call each. */
  async publish(count: number): Promise<void> {
    for (let one = 0; one < count; one += 1)
      await this.#publisher.publish(this.topics, () => this.momento, 1);
  }

  publishMany(count: number): Promise<void> {
    return this.#publisher.publish(this.topics, () => this.momento, count, true);
  }

  /** @returns once it has an answer, if that is waited for */
  async listen(kind: Kind, after?: Place, waits = true): Promise<void> {
    const listener = new Listener({
      kind,
      after,
      notBefore: this.#settled.count,
      count: () => this.#publisher.most,
      troubles: () => this.#troubles,
      troublesSettled: this.#settled.troubles,
    });
    this.listeners.push(listener);
    const answer = listener.listen(this.topics);
    // It joins a subscription that knows where it is.
    if (kind !== 'subscribe' && after === undefined && this.#hasKeeper)
      listener.allBehind = this.#publisher.most;
    this.#pending.push(answer);
    if (waits && kind === 'subscribe') await answer;
  }

  async leave(index: number): Promise<void> {
    // The keeper stays.
    const free = this.living.slice(this.#hasKeeper ? 1 : 0);
    await free[index % Math.max(free.length, 1)]?.leave();
  }

  /** All streams end, and the next so many are refused. */
  cut(status: Trouble, refusals: number): void {
    this.#troubles += 1;
    this.momento.faults.fail('topic-subscribe', status, { times: refusals });
    this.momento.faults.cut('topic-subscribe', status);
  }

  /** What is published in an outage is too old when that is over. */
  async forget(count: number): Promise<void> {
    this.#troubles += 1;
    const { faults } = this.momento;
    faults.fail('topic-subscribe', 'UNAVAILABLE');
    faults.cut('topic-subscribe');
    await this.publish(count);
    this.#clock.nowMs += 6_000;
    faults.clear();
  }

  /** On the same port, with what it held, or with nothing. */
  async restart(isAnew: boolean): Promise<void> {
    this.#troubles += 1;
    if (!isAnew) {
      await this.momento.faults.down();
      return atFreePort(() => this.momento.faults.up());
    }
    const { port } = this.momento;
    await this.momento.stop();
    this.#clock.nowMs += 10_000;
    this.momento = await atFreePort(() =>
      MomentoLocal.start({ port, caches: ['demo-cache'], now: () => this.#clock.nowMs }),
    );
    // It has issued no key yet, and takes any.
    this.#apiKey = undefined;
    this.#publisher.noteAnotherServer();
    this.published.begin(this.#clock.nowMs);
  }

  /** The cache is gone until the work is done, and its topics begin anew. */
  async withoutCache(work: () => Promise<void>): Promise<void> {
    this.#troubles += 1;
    this.momento.deleteCache('demo-cache');
    await work();
    this.#clock.nowMs += 10_000;
    this.momento.createCache('demo-cache');
    this.published.begin(this.#clock.nowMs);
  }

  /** Another key, which the app is told to look for; the one before is valid for ever or no more. */
  async rotate(isRevoked: boolean, waits: boolean): Promise<void> {
    const before = this.#apiKey;
    this.#apiKey = this.momento.issueApiKey();
    this.secrets.putSecret(secretId, this.#apiKey);
    if (before === undefined || isRevoked) this.#troubles += 1;
    if (before !== undefined && isRevoked) this.momento.revokeApiKey(before);
    // In an outage it may fail; a rejected call looks for it again.
    const followed = this.#app
      ?.get(MomentoCredentials)
      .refreshNow()
      .catch(() => undefined);
    this.#pending.push(Promise.resolve(followed));
    if (waits) await followed;
  }

  /** @returns once the app uses the key that is stored now */
  async followed(generation: number): Promise<void> {
    const credentials = this.#app?.get(MomentoCredentials);
    while (credentials?.status().generation !== generation) await sleep(5);
  }

  /** The key of the story, whose steps are taken in its order. */
  async rotateAs(story: RotationStory): Promise<void> {
    this.#troubles += 1;
    const [before, next] = [this.#apiKey ?? '', this.momento.issueApiKey()];
    this.#apiKey = next;
    await story.rotate(
      { momento: this.momento, secrets: this.secrets },
      () => this.secrets.putSecret(secretId, next),
      () => this.momento.revokeApiKey(before),
    );
  }

  /** Waits until everybody has heard everything. @throws Error when somebody does not */
  async settle(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    const endAtMs = performance.now() + settleLimitMs;
    do {
      // Who was not there for one message is for the next one.
      await this.publish(1);
      await this.#untilHeard(Math.min(performance.now() + 700, endAtMs));
    } while (!this.#allHaveHeard() && performance.now() < endAtMs);
    if (!this.#allHaveHeard()) return;
    this.momento.faults.clear();
    this.#settled = { ...this.#settled, troubles: this.#troubles };
    for (const listener of this.living)
      listener.allBehind = Math.min(listener.allBehind, this.published.count);
    if (this.living.length > 0) this.#settled = { ...this.#settled, count: this.published.count };
  }

  faults(): string[] {
    return this.listeners.flatMap((listener, index) =>
      listener
        .faults(this.published, this.#hasKeeper, this.#publisher.isExact)
        .map((fault) => `${listener.kind} ${index}: ${fault}`),
    );
  }

  async end(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    await this.#app?.close();
    await Promise.all([this.momento.stop(), this.secrets.stop()]);
  }

  #allHaveHeard(): boolean {
    this.#publisher.note(this.momento);
    return this.living.every(
      ({ last }) => last !== undefined && this.published.countAt(last) === this.published.count,
    );
  }

  async #untilHeard(endAtMs: number): Promise<void> {
    while (!this.#allHaveHeard() && performance.now() < endAtMs) await sleep(5);
  }
}

/** A connection of somebody else's may have the port for a moment. */
async function atFreePort<T>(listen: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await listen();
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(20);
    }
  }
}
