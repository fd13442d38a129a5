import { describe, expect, it } from 'vitest';
import { CallLog } from './call-log.js';
import { jsonAnswer } from './http/wire.js';

const exchange = (operation: string, secretId: string) => ({
  operation,
  secretId,
  versionStage: 'AWSCURRENT'.repeat(1_000),
  region: 'us-west-2'.repeat(1_000),
  answer: () => jsonAnswer({}),
});

describe('CallLog', () => {
  it('cuts what callers have chosen, and still counts it', () => {
    const log = new CallLog(() => 0);
    const longId = 'x'.repeat(1_000_000);
    log.add(exchange('Operation'.repeat(1_000), longId), 'id');

    const [call] = log.calls;
    expect([call?.operation.length, call?.secretId.length]).toEqual([128, 2_048]);
    expect([call?.versionStage?.length, call?.region.length]).toEqual([256, 64]);
    expect(log.count('Operation'.repeat(1_000), longId)).toBe(1);
    expect(log.count(undefined, longId)).toBe(1);
  });

  it('tells a bounded number of names apart, and loses no request', () => {
    const log = new CallLog(() => 0);
    log.add(exchange('GetSecretValue', 'first'), 'id');
    for (let index = 0; index < 20_000; index += 1) log.add(exchange('GetSecretValue', `id ${index}`), 'id');
    for (let index = 0; index < 200; index += 1) log.add(exchange(`Operation ${index}`, 'first'), 'id');
    log.add(exchange('GetSecretValue', 'first'), 'id');

    expect(log.count()).toBe(20_202);
    expect(log.count('GetSecretValue')).toBe(20_002);
    expect(log.count('GetSecretValue', 'first')).toBe(2);
    expect([log.count('GetSecretValue', 'id 9998'), log.count('GetSecretValue', 'id 9999')]).toEqual([1, 0]);
    expect([log.count('Operation 98'), log.count('Operation 99')]).toEqual([1, 0]);
    expect(log.calls).toHaveLength(1_000);
  });
});
