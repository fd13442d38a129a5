import {
  type ILeaderboard,
  LeaderboardConfigurations,
  LeaderboardOrder,
  MomentoErrorCode,
  PreviewLeaderboardClient,
} from '@gomomento/sdk';
import { NoopMomentoLoggerFactory } from '@gomomento/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentialsFor } from '../local/momento.fixture.js';
import { answerOf, useService } from './conformance.fixture.js';

const service = useService({ caches: ['games'] });
const order = LeaderboardOrder.Descending;

let client: PreviewLeaderboardClient;
let boardCount = 0;

beforeAll(() => {
  client = new PreviewLeaderboardClient({
    credentialProvider: credentialsFor(service.momento),
    configuration: LeaderboardConfigurations.Laptop.v1(new NoopMomentoLoggerFactory()),
  });
});

afterAll(() => client.close());

const newBoard = () => client.leaderboard('games', `board-${(boardCount += 1)}`);

/** { 1: 10, 2: 20, 3: 20, 4: 40 } */
async function filledBoard(): Promise<ILeaderboard> {
  const board = newBoard();
  await board.upsert({ 1: 10, 4: 40, 3: 20, 2: 20 });
  return board;
}

/** The elements of a fetch as `id@rank`. */
async function fetched(response: Promise<unknown>): Promise<string> {
  const answer = await answerOf(response);
  const elements: unknown = Array.isArray(answer) ? answer[1] : undefined;
  return Array.isArray(elements) ? elements.map(({ id, rank }) => `${id}@${rank}`).join(' ') : String(answer);
}

describe('Leaderboards', () => {
  it('upsert: insert and replace scores', async () => {
    const board = newBoard();

    expect(await answerOf(board.upsert(new Map([[123, 27.004309862363737]])))).toBe('Success');
    expect(await answerOf(board.upsert({ 123: 16_777_217.5, 456: -1 }))).toBe('Success');
    expect(await answerOf(board.fetchByScore())).toEqual([
      'Success',
      [
        { id: 456, score: -1, rank: 0 },
        { id: 123, score: 16_777_217.5, rank: 1 },
      ],
    ]);
  });

  it.each([
    // options, ascending, descending
    [{}, '1@0 2@1 3@2 4@3', '4@0 3@1 2@2 1@3'],
    [{ minScore: 20, maxScore: 40 }, '2@1 3@2', '3@1 2@2'],
    [{ minScore: 20 }, '2@1 3@2 4@3', '4@0 3@1 2@2'],
    [{ maxScore: 10 }, '', ''],
    [{ offset: 1, count: 2 }, '2@1 3@2', '3@1 2@2'],
    [{ offset: 9 }, '', ''],
  ])(
    'fetchByScore %j: the minimum belongs to it, the maximum does not',
    async (options, ascending, descending) => {
      const board = await filledBoard();

      expect(await fetched(board.fetchByScore(options))).toBe(ascending);
      expect(await fetched(board.fetchByScore({ ...options, order }))).toBe(descending);
    },
  );

  it('fetchByRank: from a rank up to another, in either order', async () => {
    const board = await filledBoard();

    expect(await fetched(board.fetchByRank(1, 3))).toBe('2@1 3@2');
    expect(await fetched(board.fetchByRank(0, 2, { order }))).toBe('4@0 3@1');
    expect(await fetched(board.fetchByRank(3, 99))).toBe('4@3');
    expect(await fetched(board.fetchByRank(9, 99))).toBe('');
  });

  it('getRank: in the order of the ids, without those that are not there', async () => {
    const board = await filledBoard();

    expect(await fetched(board.getRank([4, 99, 1]))).toBe('4@3 1@0');
    expect(await fetched(board.getRank([4, 1], { order }))).toBe('4@0 1@3');
  });

  it('length, removeElements, delete', async () => {
    const board = await filledBoard();

    expect(await answerOf(board.length())).toEqual(['Success', 4]);
    expect(await answerOf(board.removeElements([1, 99]))).toBe('Success');
    expect(await fetched(board.fetchByScore())).toBe('2@0 3@1 4@2');
    expect(await answerOf(board.delete())).toBe('Success');
    expect(await answerOf(board.length())).toEqual(['Success', 0]);
  });

  it('one that does not exist is empty', async () => {
    const board = newBoard();

    expect(await answerOf(board.length())).toEqual(['Success', 0]);
    expect(await fetched(board.fetchByScore())).toBe('');
    expect(await fetched(board.fetchByRank(0, 10))).toBe('');
    expect(await fetched(board.getRank([1]))).toBe('');
    expect(await answerOf(board.removeElements([1]))).toBe('Success');
    expect(await answerOf(board.delete())).toBe('Success');
  });

  it('is no item of its cache: it does not expire, and its name is free for one', async () => {
    const board = client.leaderboard('games', 'shared-name');
    await board.upsert({ 1: 1 });
    service.clock.advance(30 * 24 * 3600 * 1000);

    expect(await answerOf(board.length())).toEqual(['Success', 1]);
    expect(await answerOf(service.client.get('games', 'shared-name'))).toBe('Miss');
  });

  const CALLS: readonly (readonly [string, (board: ILeaderboard) => Promise<unknown>])[] = [
    ['upsert', (board) => board.upsert({ 1: 1 })],
    ['fetchByScore', (board) => board.fetchByScore()],
    ['fetchByRank', (board) => board.fetchByRank(0, 1)],
    ['getRank', (board) => board.getRank([1])],
    ['length', (board) => board.length()],
    ['removeElements', (board) => board.removeElements([1])],
    ['delete', (board) => board.delete()],
  ];

  it.each(CALLS)('no such cache: %s', async (_call, run) => {
    expect(await answerOf(run(client.leaderboard('none', 'board')))).toBe(
      MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
    );
  });

  it.each<[string, (board: ILeaderboard) => Promise<unknown>]>([
    ['upsert of nothing', (board) => board.upsert({})],
    [
      'upsert of more than 8192',
      (board) => board.upsert(new Map(Array.from({ length: 8193 }, (_, id) => [id, 1]))),
    ],
    ['upsert of a score that is no number', (board) => board.upsert({ 1: NaN })],
    [
      'fetchByScore with a minimum above the maximum',
      (board) => board.fetchByScore({ minScore: 2, maxScore: 1 }),
    ],
    ['fetchByScore of more than 8192', (board) => board.fetchByScore({ count: 8193 })],
    ['fetchByRank with an end that is the start', (board) => board.fetchByRank(0, 0)],
    ['fetchByRank of more than 8192', (board) => board.fetchByRank(0, 8193)],
    ['removeElements of nothing', (board) => board.removeElements([])],
  ])('bad arguments: %s', async (_what, run) => {
    expect(await answerOf(run(newBoard()))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
  });
});
