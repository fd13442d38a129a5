import { MomentoLocal } from 'nestjs-momento/local';
import { makeHappen, type ServerEvent, usageOf } from './local-server.js';

/** A server in a process of its own: prints its port as JSON, does what its parent asks for, and ends on SIGTERM. */
const momento = await MomentoLocal.start({ caches: ['bench'] });

async function answer({ make }: { readonly make?: ServerEvent }): Promise<void> {
  if (make !== undefined) await makeHappen(momento, make);
  process.send?.(usageOf(momento));
}

process.on('message', (message: object) => void answer(message));
process.once('SIGTERM', () => {
  process.disconnect();
  void momento.stop();
});
console.log(JSON.stringify({ port: momento.port }));
