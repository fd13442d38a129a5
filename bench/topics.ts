import type { OtherProcess } from './other-process.js';
import type { Report } from './report.js';
import { measureHandling } from './topics/handling.js';
import { measureObservers } from './topics/observers.js';
import { measureRate } from './topics/rate.js';

/** What the library adds to a topic: for a handler, for many observers, and from end to end. */
export async function measureTopics(report: Report, server: OtherProcess): Promise<void> {
  await measureHandling(report);
  await measureObservers(report, server);
  await measureRate(report, server);
}
