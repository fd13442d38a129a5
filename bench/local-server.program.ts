import { MomentoLocal } from 'nestjs-momento/local';

/** A server in a process of its own: prints its port as JSON, does what its parent asks for, and ends on SIGTERM. */
const momento = await MomentoLocal.start({ caches: ['bench'] });
const calls = [
  'get',
  'get-batch',
  'get-with-hash',
  'set',
  'set-batch',
  'set-if',
  'set-if-hash',
  'delete',
] as const;

const events: Readonly<Record<string, () => unknown>> = {
  hang: () => calls.forEach((rpc) => momento.faults.hang(rpc)),
  clear: () => momento.faults.clear(),
  down: () => momento.faults.down(),
  up: () => momento.faults.up(),
};

async function answer({ make }: { readonly make: string }): Promise<void> {
  await events[make]?.();
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({
    cpuMicros: user + system,
    rssBytes: process.memoryUsage.rss(),
    calls: momento.stats().calls,
  });
}

process.on('message', (message: { readonly make: string }) => void answer(message));
process.once('SIGTERM', () => {
  process.disconnect();
  void momento.stop();
});
console.log(JSON.stringify({ port: momento.port }));
