import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { awsEnvironment } from '../support/aws-environment.js';
import { edgeStories, runEdge } from './edge-soak.js';
import { soak, stories } from './rotation-soak.js';

/** `npm run soak [-- --rotations 20 --requests 500 --messages 250 --times 100 --seed 7 --story overlap]`: a row a story. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rotations: { type: 'string', default: '20' },
      requests: { type: 'string', default: '500' },
      messages: { type: 'string', default: '250' },
      times: { type: 'string', default: '100' },
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
}
