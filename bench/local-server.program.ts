import { MomentoLocal } from 'nestjs-momento/local';

/** A server in a process of its own: prints its port as JSON, tells its parent what it has used when asked, and ends on SIGTERM. */
const momento = await MomentoLocal.start({ caches: ['bench'] });
process.on('message', () => {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const calls = Object.fromEntries(
    ['get', 'set', 'get-batch', 'set-batch'].map((rpc) => [rpc, momento.requestCount(rpc as 'get')]),
  );
  process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss(), calls });
});
process.once('SIGTERM', () => {
  process.disconnect();
  void momento.stop();
});
console.log(JSON.stringify({ port: momento.port }));
