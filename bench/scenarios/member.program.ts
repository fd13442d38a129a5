import 'reflect-metadata';
import { makeAnswering, type Question } from './member.js';

/** One process of a fleet: does what its parent asks for, and ends on SIGTERM. */
const answerOf = makeAnswering();

async function answer(question: Question): Promise<void> {
  process.send?.(Object(await answerOf(question)));
}

process.on('message', (question: Question) => void answer(question));
process.once('SIGTERM', () => process.exit());
console.log('{}');
