import { readme } from './snippets.js';

const cellsOf = (line: string): string[] =>
  line
    .slice(1, -1)
    .split(' | ')
    .map((cell) => cell.replaceAll('`', '').trim());

/** The rows of the tables of a section: all cells as text. What begins a deeper heading still belongs to it. */
export function rowsOf(heading: string): readonly string[][] {
  const level = heading.indexOf(' ');
  const [, after = ''] = readme.split(`\n${heading}\n`);
  const [own = ''] = after.split(new RegExp(`\n#{1,${level}} `));
  return own
    .split('\n')
    .filter((line) => /^\|(?! -)/.test(line))
    .map(cellsOf);
}

/** A number as the README writes it: `1,000`. */
export const written = (count: number): string => count.toLocaleString('en-US');
