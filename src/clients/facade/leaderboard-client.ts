import { type ILeaderboard, PreviewLeaderboardClient } from '@gomomento/sdk';
import type { ClientGeneration } from '../rotation/client-generation.js';
import { createStableClient, type Dispatch, invoke } from './stable-client.js';

type Run = (call: (clients: ClientGeneration) => Promise<unknown>) => Promise<unknown>;

/** A `PreviewLeaderboardClient` whose leaderboards, too, are always those of the current client. */
export function createStableLeaderboardClient(run: Run, close: () => void): PreviewLeaderboardClient {
  return createStableClient(
    PreviewLeaderboardClient,
    (method, args) => run((clients) => invoke(clients.leaderboardClient, method, args)),
    {
      leaderboard: (cacheName: string, leaderboardName: string) =>
        createStableLeaderboard((method, args) =>
          run((clients) =>
            invoke(clients.leaderboardClient.leaderboard(cacheName, leaderboardName), method, args),
          ),
        ),
      close,
    },
  );
}

/** By name, since the SDK exports no class to take them from. */
const leaderboardMethods = [
  'upsert',
  'fetchByScore',
  'fetchByRank',
  'getRank',
  'length',
  'removeElements',
  'delete',
] as const satisfies readonly (keyof ILeaderboard)[];

function createStableLeaderboard(dispatch: Dispatch): ILeaderboard {
  const method = (name: string) => ({
    value: (...args: unknown[]) => dispatch(name, args),
    enumerable: true,
  });
  const members = leaderboardMethods.map((name) => [name, method(name)] as const);
  return Object.create(Object.prototype, Object.fromEntries(members)) as ILeaderboard;
}
