import 'reflect-metadata';
import { Member } from './member.js';
import type { MemberOptions } from './member.types.js';

/** One process of the soak: starts, runs, looks for what is stale and ends when its parent says so. */
let member: Member | undefined;

type Question = { readonly start: MemberOptions } | { readonly do: 'run' | 'staleKeys' | 'close' };

async function answerOf(question: Question): Promise<unknown> {
  if ('start' in question) member = await Member.start(question.start);
  else return member?.[question.do]();
  return undefined;
}

async function answer(question: Question): Promise<void> {
  process.send?.({ answer: await answerOf(question) });
}

process.on('message', (question: Question) => void answer(question));
process.once('SIGTERM', () => process.exit());
console.log('{}');
