import { type ILeaderboard, InvalidArgumentError, PreviewLeaderboardClient } from '@gomomento/sdk';
import type { ClientGeneration } from '../rotation/client-generation.js';
import type { CallObservers } from './observed-calls.js';
import { createStableClient, type Dispatch, invoke } from './stable-client.js';

type Run = (call: (clients: ClientGeneration) => Promise<unknown>) => Promise<unknown>;

/** A `PreviewLeaderboardClient` whose leaderboards, too, are always those of the current client. */
export function createStableLeaderboardClient(
  run: Run,
  observed: CallObservers['observed'],
  close: () => void,
): PreviewLeaderboardClient {
  return createStableClient(
    PreviewLeaderboardClient,
    (method) =>
      (...args) =>
        run((clients) => invoke(clients.leaderboardClient, method, args)),
    {
      leaderboard: (cacheName: string, leaderboardName: string) => {
        checkNames(cacheName, leaderboardName);
        return createStableLeaderboard((method) =>
          observed(
            `leaderboard.${method}`,
            (...args) =>
              run((clients) =>
                invoke(clients.leaderboardClient.leaderboard(cacheName, leaderboardName), method, args),
              ),
            [cacheName, leaderboardName],
          ),
        );
      },
      close,
    },
  );
}

/** As the SDK's client, which throws when it is asked for the leaderboard, and not first at its use. */
function checkNames(...names: readonly unknown[]): void {
  if (names.some((name) => typeof name !== 'string' || name.trim() === ''))
    throw new InvalidArgumentError('cache name and leaderboard name must not be empty strings');
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
    value: dispatch(name),
    enumerable: true,
  });
  const members = leaderboardMethods.map((name) => [name, method(name)] as const);
  return Object.create(Object.prototype, Object.fromEntries(members)) as ILeaderboard;
}
