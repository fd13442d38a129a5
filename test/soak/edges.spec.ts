import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { awsEnvironment } from '../support/aws-environment.js';
import { edgeStories, runEdge } from './edge-soak.js';

/** The short form of `npm run soak`. Connections are counted as Linux shows them. */
describe.skipIf(!existsSync('/proc/self/net/tcp'))('many times over', () => {
  beforeAll(() => void Object.assign(process.env, awsEnvironment));

  it.each(edgeStories.map((story) => [story.name, story] as const))(
    '%s',
    { timeout: 60_000 },
    async (_name, story) => {
      expect(await runEdge(story, 3)).toMatchObject({ holds: true });
    },
  );
});
