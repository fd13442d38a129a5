import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { awsEnvironment } from '../support/aws-environment.js';
import { brokenIn, soakCache } from './cache/cache-soak.js';
import { memberProcesses } from './cache/member-processes.js';
import { edgeStories, runEdge } from './edge-soak.js';
import { soak, stories } from './rotation-soak.js';

/** `npm run soak [-- --rotations 20 --requests 500 --messages 250 --times 100 --calls 1000000 --calls-a-second 2000 --minutes 15 --seed 7 --story overlap]`: a row a story. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rotations: { type: 'string', default: '20' },
      requests: { type: 'string', default: '500' },
      messages: { type: 'string', default: '250' },
      times: { type: 'string', default: '100' },
      calls: { type: 'string', default: '1000000' },
      'calls-a-second': { type: 'string', default: '2000' },
      minutes: { type: 'string', default: '15' },
      story: { type: 'string', default: '' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    },
  });
  const load = {
    rotations: Number(values.rotations),
    requestsPerSecond: Number(values.requests),
    messagesPerSecond: Number(values.messages),
    seed: Number(values.seed),
  };
  Object.assign(process.env, awsEnvironment);
  console.log(
    `seed ${load.seed}, ${load.rotations} rotations, ${load.requestsPerSecond} requests/s, ${load.messagesPerSecond} messages/s`,
  );
  for (const story of stories.filter(({ name }) => name.includes(values.story))) {
    const report = await soak(story, load);
    const { failed, lost, twice, outOfOrder, clientsLeftOpen, rotated } = report;
    const holds = failed + lost + twice + outOfOrder + clientsLeftOpen === 0 && rotated === load.rotations;
    console.log(`${holds ? 'holds' : 'BROKEN'}: ${story.name}`, report);
    if (!holds) process.exitCode = 1;
  }
  for (const story of edgeStories.filter(({ name }) => name.includes(values.story))) {
    const report = await runEdge(story, Number(values.times));
    console.log(`${report.holds ? 'holds' : 'BROKEN'}: ${story.name}`, report);
    if (!report.holds) process.exitCode = 1;
  }
  if (!cacheStory.includes(values.story)) return;
  const processes = await memberProcesses();
  const size = {
    ...cacheSize,
    calls: Number(values.calls),
    callsASecond: Number(values['calls-a-second']),
    minutes: Number(values.minutes),
    seed: load.seed,
  };
  const report = await soakCache(size, (options) => processes.start(options));
  await processes.remove();
  const broken = brokenIn(report);
  console.log(
    broken.length === 0 ? `holds: ${cacheStory}` : `BROKEN (${broken.join(', ')}): ${cacheStory}`,
    report,
  );
  if (broken.length > 0) process.exitCode = 1;
}

const cacheStory = 'processes that share a cache';
const cacheSize = {
  members: 4,
  keys: 100_000,
  hotKeys: 1_000,
  coldShare: 0.02,
  groups: 1_000,
  callers: 50,
  callsAChange: 200,
  settleSeconds: 1,
};
