import { bundleProgram } from './forked.js';

/** What the server's process has used since it started. */
export interface Usage {
  /** Microseconds, on all cores. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Calls that have arrived, by their names. */
  readonly calls: Readonly<Record<string, number>>;
}

/** What can happen to the server: it answers no call any more, is down, is up again, or answers as before. */
type ServerEvent = 'hang' | 'down' | 'up' | 'clear';

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
    usage: async () => (await server.ask({ make: 'usage' })) as Usage,
    make: async (event) => {
      await server.ask({ make: event });
    },
    async stop() {
      await server.stop();
      await program.remove();
    },
  };
}
