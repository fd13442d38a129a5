import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readme, root, snippets } from './snippets.js';

/** What a reader of the installed package finds beside the README. */
async function packedFiles(): Promise<Set<string>> {
  const npmPack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await promisify(execFile)('npm', npmPack, { cwd: root });
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(stdout);
  return new Set(files.map(({ path }) => path));
}

const matches = (text: string, pattern: RegExp) =>
  Array.from(text.matchAll(pattern), ([, group = '']) => group);

describe('README.md, read where the package was installed from npm', () => {
  it('links to no file that only a clone has', async () => {
    const links = matches(readme, /\]\((?![a-z]+:|#)([^)#]+)/g);
    expect(links).toContain('LICENSE');
    const packed = await packedFiles();
    expect(links.filter((link) => !packed.has(link))).toEqual([]);
  }, 60_000);

  it('installs what the set-up imports, and starts without an account', () => {
    const setUp = readme.slice(readme.indexOf('\n## Set up\n'), readme.indexOf('\n## Cache\n'));
    const [code = ''] = snippets.filter(({ language }) => language === 'ts').map((snippet) => snippet.code);
    expect(setUp).toContain(code);
    const installed = matches(setUp, /^npm install (.+)$/gm).flatMap((packages) => packages.split(' '));
    // Every Nest app has it.
    const imported = matches(code, / from '([^']+)'/g).filter((name) => name !== '@nestjs/common');
    expect(installed).toEqual(expect.arrayContaining(imported));
    expect(setUp).toContain('npx momento-local');
  });
});
