import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretVersions } from './secret-versions.js';

const ARN = 'arn:aws:secretsmanager:us-west-2:000000000000:secret:key-AbCdEf';

/** What AWS documents, said as plainly as possible: a list of versions, each with its labels. */
class Model {
  readonly versions: { id: string; value: string; stages: Set<string> }[] = [];

  put(id: string, value: string, stages: readonly string[]): void {
    const isFirst = this.versions.length === 0;
    this.versions.push({ id, value, stages: new Set() });
    const labels = isFirst ? [...stages, 'AWSCURRENT'] : stages;
    for (const stage of labels.filter((label) => label !== 'AWSCURRENT')) this.move(stage, id);
    if (labels.includes('AWSCURRENT')) this.move('AWSCURRENT', id);
  }

  holder(stage: string) {
    return this.versions.find(({ stages }) => stages.has(stage));
  }

  move(stage: string, id: string): void {
    const former = this.holder(stage);
    this.take(stage);
    this.versions.find((version) => version.id === id)?.stages.add(stage);
    if (stage === 'AWSCURRENT' && former && former.id !== id) this.move('AWSPREVIOUS', former.id);
  }

  take(stage: string): void {
    for (const version of this.versions) version.stages.delete(stage);
  }

  idsToStages(): Record<string, string[]> {
    const labelled = this.versions.filter(({ stages }) => stages.size > 0);
    return Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages].toSorted()]));
  }
}

const stage = fc.constantFrom('AWSCURRENT', 'AWSPREVIOUS', 'AWSPENDING', 'blue');
const step = fc.oneof(
  fc.record({ do: fc.constant('put' as const), stages: fc.option(fc.uniqueArray(stage, { minLength: 1 })) }),
  fc.record({ do: fc.constant('move' as const), stage, to: fc.nat(20) }),
  fc.record({ do: fc.constant('remove' as const), stage }),
);

describe('SecretVersions', () => {
  it('agrees with the model after any sequence of puts, moves and removals', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const versions = new SecretVersions();
        const model = new Model();
        for (const [index, action] of steps.entries()) {
          if (action.do === 'put') {
            const stages = action.stages ?? ['AWSCURRENT'];
            versions.put(`v${index}`, `value ${index}`, stages, index, ARN);
            model.put(`v${index}`, `value ${index}`, stages);
          } else if (model.versions.length > 0) {
            const holder = model.holder(action.stage)?.id;
            if (action.do === 'move') {
              const to = model.versions[action.to % model.versions.length]?.id ?? '';
              versions.updateStage({ stage: action.stage, moveToVersionId: to, removeFromVersionId: holder });
              model.move(action.stage, to);
            } else if (holder !== undefined && action.stage !== 'AWSCURRENT') {
              versions.updateStage({ stage: action.stage, removeFromVersionId: holder });
              model.take(action.stage);
            }
          }
          const actual = versions.idsToStages();
          expect(mapValues(actual, (stages) => stages.toSorted())).toEqual(model.idsToStages());
          const current = Object.values(actual).filter((stages) => stages.includes('AWSCURRENT'));
          expect(current).toHaveLength(model.versions.length === 0 ? 0 : 1);
          expect(versions.holderOf('AWSCURRENT')?.value).toBe(model.holder('AWSCURRENT')?.value);
          expect(versions.holderOf('AWSPREVIOUS')?.value).toBe(model.holder('AWSPREVIOUS')?.value);
        }
      }),
    );
  });

  it('takes a repeated put for the same version, and refuses the id for another value', () => {
    const versions = new SecretVersions();
    versions.put('v1', 'one', ['AWSCURRENT'], 0, ARN);
    versions.put('v2', Buffer.from('two'), ['AWSCURRENT'], 0, ARN);
    versions.put('v1', 'one', ['AWSCURRENT'], 1, ARN);
    expect(versions.holderOf('AWSCURRENT')?.id).toBe('v2');
    const taken = { name: 'ResourceExistsException', message: expect.stringContaining(`v1`) };
    expect(() => versions.put('v1', 'other', [], 1, ARN)).toThrow(expect.objectContaining(taken));
    expect(() => versions.put('v2', 'two', [], 1, ARN)).toThrow('already in use');
  });

  it('keeps a version without labels readable by id, off the list', () => {
    const versions = new SecretVersions();
    for (const id of ['v1', 'v2', 'v3']) versions.put(id, id, ['AWSCURRENT'], 0, ARN);
    expect(versions.get('v1')?.value).toBe('v1');
    expect(versions.idsToStages()).toEqual({ v2: ['AWSPREVIOUS'], v3: ['AWSCURRENT'] });
  });

  it('drops the oldest unlabelled version beyond a hundred, never a labelled one', () => {
    const versions = new SecretVersions();
    versions.put('kept', 'kept', ['AWSCURRENT', 'blue'], 0, ARN);
    for (let index = 1; index <= 100; index += 1) versions.put(`v${index}`, 'x', ['AWSCURRENT'], 0, ARN);
    expect(versions.get('kept')?.value).toBe('kept');
    expect(versions.get('v1')).toBeUndefined();
    expect(versions.get('v2')?.value).toBe('x');
  });

  it.each([
    [
      'a label on another version, not named',
      { stage: 'AWSCURRENT', moveToVersionId: 'v1' },
      "can't be empty",
    ],
    [
      'a label that is not there',
      { stage: 'AWSCURRENT', removeFromVersionId: 'v1' },
      'not found in version v1',
    ],
    ['AWSCURRENT removed', { stage: 'AWSCURRENT', removeFromVersionId: 'v2' }, "can't be completely removed"],
    ['an unknown target', { stage: 'blue', moveToVersionId: 'v9' }, 'Not a valid version: v9'],
    ['an unknown source', { stage: 'blue', removeFromVersionId: 'v9' }, 'Not a valid version: v9'],
    ['neither target nor source', { stage: 'blue' }, 'MoveToVersionId'],
  ])('refuses %s', (_, update, message) => {
    const versions = new SecretVersions();
    versions.put('v1', 'one', ['AWSCURRENT'], 0, ARN);
    versions.put('v2', 'two', ['AWSCURRENT'], 0, ARN);
    const before = versions.idsToStages();
    expect(() => versions.updateStage(update)).toThrow(
      expect.objectContaining({
        name: 'InvalidParameterException',
        message: expect.stringContaining(message),
      }),
    );
    expect(versions.idsToStages()).toEqual(before);
  });
});

const mapValues = <A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
