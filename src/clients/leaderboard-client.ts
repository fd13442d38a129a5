import { type ILeaderboard, PreviewLeaderboardClient } from '@gomomento/sdk';
import type { ClientGeneration } from './client-generation.js';
import { createStableClient, invoke } from './stable-client.js';

type Run = (call: (clients: ClientGeneration) => Promise<unknown>) => Promise<unknown>;

/** A `PreviewLeaderboardClient` whose leaderboards, too, are always those of the current client. */
export function createStableLeaderboardClient(run: Run, close: () => void): PreviewLeaderboardClient {
  return createStableClient(
    PreviewLeaderboardClient,
    (method, args) => run((clients) => invoke(clients.leaderboardClient, method, args)),
    {
      leaderboard: {
        value: (cacheName: string, leaderboardName: string) =>
          createStableLeaderboard((method, args) =>
            run((clients) =>
              invoke(clients.leaderboardClient.leaderboard(cacheName, leaderboardName), method, args),
            ),
          ),
      },
      close: { value: close },
    },
  );
}

/** The SDK exports no class to take the methods from, so any name is one, but for what makes an object a promise. */
function createStableLeaderboard(
  dispatch: (method: string, args: readonly unknown[]) => Promise<unknown>,
): ILeaderboard {
  return new Proxy(Object.create(null) as ILeaderboard, {
    get: (_target, name) =>
      typeof name === 'string' && name !== 'then' ? (...args: unknown[]) => dispatch(name, args) : undefined,
  });
}
