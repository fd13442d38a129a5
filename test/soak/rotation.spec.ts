import { beforeAll, describe, expect, it } from 'vitest';
import { awsEnvironment } from '../support/aws-environment.js';
import { soak, stories } from './rotation-soak.js';

/** The short form of `npm run soak`. */
describe('rotation under load', () => {
  beforeAll(() => void Object.assign(process.env, awsEnvironment));

  it.each(stories.map((story) => [story.name, story] as const))(
    '%s: nothing fails, nothing is lost',
    { timeout: 60_000 },
    async (_name, story) => {
      const report = await soak(story, {
        requestsPerSecond: 50,
        messagesPerSecond: 25,
        rotations: 2,
        seed: 1,
      });
      expect(report).toMatchObject({
        failed: 0,
        lost: 0,
        twice: 0,
        outOfOrder: 0,
        clientsLeftOpen: 0,
        rotated: 2,
      });
      expect(report.requests).toBeGreaterThan(50);
      expect(report.messages).toBeGreaterThan(20);
    },
  );
});
