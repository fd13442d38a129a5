import { bundleProgram } from './forked.js';
import type { ServerEvent, Usage } from './local-server.js';

export interface OtherProcess {
  readonly port: number;
  usage(): Promise<Usage>;
  make(event: ServerEvent): Promise<void>;
  stop(): Promise<void>;
}

/** Starts `local-server.program.ts`. */
export async function startOtherProcess(): Promise<OtherProcess> {
  const program = await bundleProgram('bench/local-server.program.ts');
  const server = await program.start();
  return {
    port: Number(server.firstLine['port']),
    usage: async () => (await server.ask({})) as Usage,
    make: async (event) => {
      await server.ask({ make: event });
    },
    async stop() {
      await server.stop();
      await program.remove();
    },
  };
}
