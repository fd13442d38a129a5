import { bundleProgram } from '../../../bench/forked.js';
import type { RunningMember } from './cache-soak.js';
import type { MemberOptions, MemberReport } from './member.types.js';

/** Members of the soak in processes of their own. */
export async function memberProcesses() {
  const program = await bundleProgram('test/soak/cache/member.program.ts');
  return {
    remove: () => program.remove(),
    async start(options: MemberOptions): Promise<RunningMember> {
      const child = await program.start();
      const ask = async (question: object) =>
        ((await child.ask(question)) as { readonly answer?: unknown }).answer;
      await ask({ start: options });
      return {
        run: async () => (await ask({ do: 'run' })) as MemberReport,
        staleKeys: async () => Number(await ask({ do: 'staleKeys' })),
        async close() {
          await ask({ do: 'close' });
          await child.stop();
        },
      };
    },
  };
}
