import { MomentoLocal } from 'nestjs-momento/local';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../../support/child-process.js';

const program = new URL('./client.program.ts', import.meta.url);
const [processes, requests, limit] = [4, 60, 100];
let momento: MomentoLocal;

beforeEach(async () => {
  momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
});
afterEach(() => momento.stop());

it('four processes let pass as much as the limit is, together', { timeout: 60_000 }, async () => {
  const args = [momento.port, requests, limit].map(String);
  const exits = await Promise.all(Array.from({ length: processes }, () => runProgram(program, { args })));
  const sum = (what: string) => exits.reduce((total, { said }) => total + Number(said[0]?.[what]), 0);
  expect(exits.map(({ code, output }) => ({ code, output }))).toEqual(
    exits.map(() => ({ code: 0, output: expect.stringMatching(/^\{.*\}\n$/) })),
  );
  expect([sum('passed'), sum('refused')]).toEqual([limit, processes * requests - limit]);
});
