import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { readme, root, snippets, snippetsOf, typeCheck } from './snippets.js';

const inLanguage = (name: string) => snippets.filter(({ language }) => language === name);
const matches = (text: string, pattern: RegExp) =>
  Array.from(text.matchAll(pattern), ([, group = '']) => group);

describe('README.md', () => {
  it('has TypeScript that compiles, as the pages beside it have; the line of what does not would be named', () => {
    const code = inLanguage('ts');
    expect(code.length).toBeGreaterThan(8);
    const beside = ['docs/coming-from-cache-manager.md', 'docs/telemetry.md'].flatMap(snippetsOf);
    expect(beside.map(({ language }) => language)).toEqual(['ts', 'ts']);
    const broken = {
      language: 'ts',
      file: 'BROKEN.md',
      line: 40,
      code: 'const one = 1;\nexport const two: string = one;\n',
    };
    // In one go: most of the time goes into the types of the packages.
    expect(typeCheck([...code, ...beside, broken])).toEqual([
      "BROKEN.md:41: Type 'number' is not assignable to type 'string'.",
    ]);
  }, 60_000);

  it('has JSON that parses', () => {
    const json = inLanguage('json').map(({ code }): unknown => JSON.parse(code));
    expect(json).toEqual([expect.objectContaining({ Version: '2012-10-17' })]);
  });

  it('has code in these languages only, so that each is checked', () => {
    expect(new Set(snippets.map(({ language }) => language))).toEqual(new Set(['ts', 'json', 'sh']));
  });

  it('names the two set-up commands and no script that does not exist', () => {
    expect(readme).toContain('npm ci && npm start');
    expect(readme).toContain('npm cit');
    const own = ['ci', 'cit', 'install'];
    const scripts = matches(readme, /\bnpm (?:run )?([\w:]+)/g).filter((name) => !own.includes(name));
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(scripts));
    expect(Object.keys(manifest.bin)).toEqual(expect.arrayContaining(matches(readme, /\bnpx ([\w-]+)/g)));
  });

  it('links to files and headings that exist', () => {
    const links = matches(readme, /\]\((?!https:)([^)]+)\)/g);
    const headings = matches(readme, /^#{2,3} (.+)$/gm).map(
      (title) =>
        `#${title
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-')}`,
    );
    const broken = links.filter((link) => !headings.includes(link) && !existsSync(`${root}${link}`));
    expect(broken).toEqual([]);
  });

  it('explains every code of MomentoConfigurationError', () => {
    const errors = readFileSync(`${root}src/foundation/momento.errors.ts`, 'utf8');
    const problems = matches(errors, /^ {2}\| '([a-z-]+)'/gm);
    expect(problems.length).toBeGreaterThan(20);
    const [, section = ''] = readme.split('\n## Errors\n');
    const [errorsSection = ''] = section.split('\n## ');
    expect(matches(errorsSection, /^\| `([a-z]+-[a-z-]+)` +\|/gm).toSorted()).toEqual(problems.toSorted());
  });
});
