import { bundleProgram } from '../forked.js';
import type { Report } from '../report.js';

const counts = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/** Bytes of heap that an item kept near takes, with a key of about ten characters and a value of a hundred. */
export async function measureNearItems(report: Report): Promise<void> {
  const program = await bundleProgram('bench/near/items.program.ts');
  const child = await program.start();
  const heapBytes = async (items: number) => Number(await child.ask({ items }));
  const before = await heapBytes(0);
  for (const count of counts) {
    const bytes = (await heapBytes(count)) - before;
    report.count(`${count.toLocaleString('en-US')} near items: bytes an item`, bytes / count);
  }
  await child.stop();
  await program.remove();
}
