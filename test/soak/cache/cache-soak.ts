import { MomentoLocal } from 'nestjs-momento/local';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from './database.js';
import { type MemberOptions, type MemberReport, staleAtMostMs } from './member.types.js';

export interface CacheSoakSize {
  readonly members: number;
  /** Of all members together. */
  readonly calls: number;
  /** Of all members together. @default as many as the machine can make */
  readonly callsASecond?: number;
  readonly keys: number;
  readonly hotKeys: number;
  readonly coldShare: number;
  readonly groups: number;
  readonly callers: number;
  readonly callsAChange: number;
  readonly seed: number;
  /** When it ends, however many calls were made. */
  readonly minutes: number;
  /** How long after the last change anything stale may still be found. */
  readonly settleSeconds: number;
}

/** A member in a process of its own, or in this one. */
export interface RunningMember {
  run(): Promise<MemberReport>;
  staleKeys(): Promise<number>;
  close(): Promise<void>;
}

/** Processes that share a cache, each with a near one, read and change what is in it. */
export async function soakCache(
  size: CacheSoakSize,
  start: (options: MemberOptions) => Promise<RunningMember>,
) {
  const folder = await mkdtemp(join(tmpdir(), 'cache-soak-'));
  const path = join(folder, 'database');
  Database.create(path, size.keys + size.groups);
  const momento = await MomentoLocal.start({ port: 0, caches: ['soak'] });
  const { members: count, callsASecond = Number.MAX_SAFE_INTEGER } = size;
  const ofEach = { calls: Math.ceil(size.calls / count), callsASecond: callsASecond / count };
  const shared = { ...size, ...ofEach, port: momento.port, path };
  const endAtMs = Database.nowMs() + size.minutes * 60_000;
  const members = await Promise.all(
    Array.from({ length: size.members }, (_, index) => start({ ...shared, index, endAtMs })),
  );
  while (momento.stats().subscriptions < size.members) await sleep(10);
  const requestsBefore = dataRequests(momento);
  const serverLag = monitorEventLoopDelay({ resolution: 10 });
  serverLag.enable();
  const startedAtMs = performance.now();
  const reports = await Promise.all(members.map((member) => member.run()));
  const seconds = (performance.now() - startedAtMs) / 1000;
  serverLag.disable();
  const requests = dataRequests(momento) - requestsBefore;
  const settledAtMs = Database.nowMs() + size.settleSeconds * 1000;
  let staleAfter = 0;
  do {
    await sleep(Math.min(100, settledAtMs - Database.nowMs()));
    const isSettled = Database.nowMs() >= settledAtMs;
    staleAfter = (await Promise.all(members.map((member) => member.staleKeys()))).reduce((a, b) => a + b);
    if (isSettled) break;
  } while (staleAfter > 0);
  await Promise.all(members.map((member) => member.close()));
  await momento.stop();
  await rm(folder, { recursive: true });

  const sum = (of: (report: MemberReport) => number) => reports.reduce((total, one) => total + of(one), 0);
  return {
    seconds: Math.round(seconds),
    calls: sum(({ calls }) => calls),
    nearHits: sum(({ nearHits }) => nearHits),
    loads: sum(({ loads }) => loads),
    changes: sum(({ changes }) => changes),
    rejected: sum(({ rejected }) => rejected),
    failed: sum(({ failed }) => failed),
    errors: reports.flatMap(({ firstError = [] }) => firstError),
    notStored: sum(({ notStored }) => notStored),
    longestStaleMs: Math.max(...reports.map(({ longestStaleMs }) => longestStaleMs)),
    longestLagMs: Math.max(...reports.map(({ longestLagMs }) => longestLagMs)),
    /** Of Momento, through which they tell each other. */
    serverLagMs: Math.round(serverLag.max / 1e6),
    staleBeyond: sum(({ staleBeyond }) => staleBeyond),
    ownStale: sum(({ ownStale }) => ownStale),
    staleAfter,
    settledMs: Math.round(Database.nowMs() - settledAtMs + size.settleSeconds * 1000),
    requests,
    items: sum(({ items }) => items),
    wrongCounts: reports.flatMap(({ wrongCounts }) => wrongCounts),
    heapMegabytes: reports.map(({ heapMegabytes }) => heapMegabytes),
  };
}

type CacheSoakReport = Awaited<ReturnType<typeof soakCache>>;

const heapMayGrowBy = 1.2;

/** @returns what does not hold */
export function brokenIn(report: CacheSoakReport): string[] {
  const { ownStale, staleAfter, failed, requests, items, wrongCounts, heapMegabytes } = report;
  const zero = { ownStale, staleAfter, failed, wrongCounts: wrongCounts.length };
  // Who tells may have been late, and who hears as well.
  const staleMayBeMs = staleAtMostMs + 2 * report.longestLagMs;
  const grows = heapMegabytes.some((at) => (at.at(-1) ?? 0) > heapMayGrowBy * (at[2] ?? Infinity));
  return [
    ...Object.entries(zero).flatMap(([name, count]) => (count === 0 ? [] : [name])),
    ...(report.longestStaleMs > staleMayBeMs ? ['longestStaleMs'] : []),
    ...(requests > items ? ['requests'] : []),
    ...(grows ? ['heap'] : []),
  ];
}

const data = [
  'get',
  'get-batch',
  'get-with-hash',
  'set',
  'set-batch',
  'set-if',
  'set-if-hash',
  'delete',
] as const;

function dataRequests(momento: MomentoLocal): number {
  return data.reduce((sum, rpc) => sum + momento.requestCount(rpc), 0);
}
