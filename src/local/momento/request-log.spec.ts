import { describe, expect, it } from 'vitest';
import { RequestLog } from './request-log.js';

describe('RequestLog', () => {
  it('keeps the latest 10,000 calls and counts all of them', () => {
    const log = new RequestLog();
    for (let index = 0; index < 25_001; index += 1) {
      log.add({ rpc: index % 2 === 0 ? 'get' : 'set', key: String(index), status: 'OK', at: new Date(0) });
    }

    expect(log.records).toHaveLength(10_000);
    expect([log.records[0]?.key, log.records.at(-1)?.key]).toEqual(['15001', '25000']);
    expect([log.count('get'), log.count('set'), log.count('delete'), log.count()]).toEqual([
      12_501, 12_500, 0, 25_001,
    ]);
  });
});
