import { describe, expect, it } from 'vitest';
import { SecretStore } from './secret-store.js';

const DAY_MS = 86_400_000;
const REGION = 'us-west-2';
const ACCOUNT = '123456789012';

function createStore() {
  const clock = { nowMs: 1_700_000_000_000 };
  return { clock, store: new SecretStore(REGION, ACCOUNT, () => clock.nowMs) };
}

const named = (name: string, message: string) => expect.objectContaining({ name, message });

const NOT_FOUND = named('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
const MARKED = named(
  'InvalidRequestException',
  "You can't perform this operation on the secret because it was marked for deletion.",
);

describe('SecretStore', () => {
  describe('finds a secret', () => {
    it('by name, ARN, and ARN without its suffix', () => {
      const { store } = createStore();
      const { arn } = store.create('team/key', 'value');
      expect(arn).toMatch(/^arn:aws:secretsmanager:us-west-2:123456789012:secret:team\/key-[A-Za-z0-9]{6}$/);
      for (const id of ['team/key', arn, arn.slice(0, -7)])
        expect(store.read(id).version.value).toBe('value');
    });

    it('by its whole ARN first, when the ARN without suffix of another is the same', () => {
      const { store } = createStore();
      const short = store.create('key', 'short');
      const suffix = short.arn.slice(-7);
      store.create(`key${suffix}`, 'long');
      expect(store.read(short.arn).version.value).toBe('short');
    });

    it.each([
      ['another region', `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:key`],
      ['another account', `arn:aws:secretsmanager:${REGION}:000000000000:secret:key`],
      ['another name', 'ke'],
      ['another suffix', `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:key-000000`],
    ])('not of %s', (_, id) => {
      const { store } = createStore();
      store.create('key', 'value');
      expect(() => store.read(id)).toThrow(NOT_FOUND);
    });

    it.each(['', 'a b', 'arn:aws:s3:::bucket', 'x'.repeat(513)])('not by an invalid id: %j', (id) => {
      expect(() => createStore().store.read(id)).toThrow(
        expect.objectContaining({ name: 'ValidationException' }),
      );
    });
  });

  it('reads by stage and by version', () => {
    const { store } = createStore();
    store.create('key', 'one', { versionId: 'v1' });
    store.put('key', 'two', { versionId: 'v2' });
    expect(store.read('key')).toMatchObject({ version: { id: 'v2' }, stages: ['AWSCURRENT'] });
    expect(store.read('key', { versionStage: 'AWSPREVIOUS' }).version.id).toBe('v1');
    expect(store.read('key', { versionId: 'v1' }).version.value).toBe('one');
    expect(store.read('key', { versionId: 'v1', versionStage: 'AWSPREVIOUS' }).version.value).toBe('one');
  });

  it('says which value is missing', () => {
    const { store } = createStore();
    store.create('empty');
    store.create('key', 'one', { versionId: 'v1' });
    const missing = (what: string) =>
      named('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${what}`);
    expect(() => store.read('empty')).toThrow(missing('staging label: AWSCURRENT'));
    expect(() => store.read('key', { versionStage: 'AWSPREVIOUS' })).toThrow(
      missing('staging label: AWSPREVIOUS'),
    );
    expect(() => store.read('key', { versionId: 'v9' })).toThrow(missing('VersionId: v9'));
    expect(() => store.read('key', { versionId: 'v1', versionStage: 'AWSPENDING' })).toThrow(
      named(
        'InvalidRequestException',
        'You provided a VersionStage that is not associated to the provided VersionId.',
      ),
    );
  });

  describe('creates', () => {
    it('once, and takes the same call again for a repetition', () => {
      const { store } = createStore();
      const secret = store.create('key', 'one', { versionId: 'v1' });
      expect(store.create('key', 'one', { versionId: 'v1' }).arn).toBe(secret.arn);
      const exists = named(
        'ResourceExistsException',
        'The operation failed because the secret key already exists.',
      );
      expect(() => store.create('key', 'one', { versionId: 'v2' })).toThrow(exists);
      expect(() => store.create('key')).toThrow(exists);
    });

    it('not under the name of a secret that is marked for deletion', () => {
      const { store } = createStore();
      store.create('key', 'one');
      store.delete('key');
      expect(() => store.create('key', 'two')).toThrow('already scheduled for deletion');
    });
  });

  describe('deletes', () => {
    it('after thirty days by default, and refuses everything but to describe and restore until then', () => {
      const { clock, store } = createStore();
      store.create('key', 'one', { versionId: 'v1' });
      expect(store.delete('key').deletionAtMs).toBe(clock.nowMs + 30 * DAY_MS);
      expect(() => store.read('key')).toThrow(MARKED);
      expect(() => store.put('key', 'two')).toThrow(MARKED);
      expect(() => store.updateStage('key', { stage: 'blue', moveToVersionId: 'v1' })).toThrow(MARKED);
      expect(() => store.delete('key')).toThrow('because it was already scheduled for deletion');
      expect(store.describe('key').deletionAtMs).toBe(clock.nowMs + 30 * DAY_MS);
      clock.nowMs += 30 * DAY_MS - 1;
      expect(store.has('key')).toBe(true);
      clock.nowMs += 1;
      expect(store.has('key')).toBe(false);
      expect(() => store.describe('key')).toThrow(NOT_FOUND);
    });

    it('not when restored in time', () => {
      const { clock, store } = createStore();
      store.create('key', 'one');
      store.delete('key', { recoveryWindowInDays: 7 });
      store.restore('key');
      clock.nowMs += 8 * DAY_MS;
      expect(store.read('key').version.value).toBe('one');
    });

    it('at once by force, also what does not exist', () => {
      const { store } = createStore();
      const { arn } = store.create('key', 'one');
      store.delete('key', { force: true });
      expect(store.create('key', 'two').arn).not.toBe(arn);
      expect(store.delete('absent', { force: true }).name).toBe('absent');
      expect(() => store.delete('absent')).toThrow(NOT_FOUND);
    });

    it.each([6, 31])('not with a window of %i days', (recoveryWindowInDays) => {
      const { store } = createStore();
      store.create('key', 'one');
      expect(() => store.delete('key', { recoveryWindowInDays })).toThrow('between 7 and 30 days');
      expect(() => store.delete('key', { recoveryWindowInDays: 7, force: true })).toThrow('in conjunction');
    });
  });

  it('offers a stale read only to the first reads of AWSCURRENT after its move', () => {
    const { store } = createStore();
    store.create('key', 'one');
    let asked = 0;
    const isStale = () => (asked += 1) <= 2;
    const read = () => store.read('key', { isStale });
    expect(read().version.value).toBe('one');
    expect(asked).toBe(0);
    store.put('key', 'two');
    expect(read()).toMatchObject({ version: { value: 'one' }, stages: ['AWSCURRENT'] });
    expect(store.read('key', { versionStage: 'AWSPREVIOUS', isStale }).version.value).toBe('one');
    expect(read().version.value).toBe('one');
    expect(read().version.value).toBe('two');
    expect(read().version.value).toBe('two');
    expect(asked).toBe(3);
  });

  it('lists what is not deleted, in the order of creation', () => {
    const { store } = createStore();
    for (const name of ['b', 'a', 'c']) store.create(name, name);
    store.delete('a');
    expect(store.list().map(({ name }) => name)).toEqual(['b', 'c']);
    expect(store.list({ includeDeleted: true }).map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  });
});
