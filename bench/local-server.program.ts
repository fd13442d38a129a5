import { MomentoLocal } from 'nestjs-momento/local';

/** A server in a process of its own: prints its port as JSON, tells its parent what it has used when asked, and ends on SIGTERM. */
const momento = await MomentoLocal.start({ caches: ['bench'] });
process.on('message', () => {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
});
process.once('SIGTERM', () => {
  process.disconnect();
  void momento.stop();
});
console.log(JSON.stringify({ port: momento.port }));
