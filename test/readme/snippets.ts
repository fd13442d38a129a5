import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const readme = readFileSync(`${root}README.md`, 'utf8');

export interface Snippet {
  readonly language: string;
  /** The document that it is of. */
  readonly file: string;
  /** The line that the code begins at. */
  readonly line: number;
  readonly code: string;
}

export function snippetsOf(file: string): readonly Snippet[] {
  const text = readFileSync(root + file, 'utf8');
  return Array.from(text.matchAll(/^```(?<language>\w+)\n(?<code>.*?)^```$/gms), ({ index, groups }) => ({
    language: groups?.['language'] ?? '',
    file,
    line: text.slice(0, index).split('\n').length + 1,
    code: groups?.['code'] ?? '',
  }));
}

export const snippets = snippetsOf('README.md');

/** What the snippets take for granted of the reader's app. */
const prelude = `
interface User { readonly id: string }
interface Order { readonly id: number }
declare class AppModule {}
declare class UsersModule {}
declare class UsersService {
  load(id: string): Promise<User>;
  find(id: string, options: { signal: AbortSignal }): Promise<User | undefined>;
  findMany(ids: readonly string[]): Promise<Map<string, User>>;
  remove(id: string): Promise<void>;
}
declare function readVault(path: string, signal: AbortSignal): Promise<string>;
`;

/**
 * Type-checks each snippet as a module of its own, with this project's compiler options.
 *
 * @returns what is wrong, as `FILE:LINE: message`
 */
export function typeCheck(checked: readonly Snippet[]): string[] {
  // Blank lines before the code make the compiler's line numbers those of the README.
  const files = new Map(
    checked.map(({ file, line, code }) => [
      `${root}test/readme/${file.replaceAll('/', '-')}-${line}.ts`,
      '\n'.repeat(line - 1) + code,
    ]),
  );
  const modules = [...files.keys()];
  const preludeFile = `${root}test/readme/prelude.d.ts`;
  files.set(preludeFile, prelude);

  const config = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  host.readFile = (path) => files.get(path) ?? ts.sys.readFile(path);
  host.fileExists = (path) => files.has(path) || ts.sys.fileExists(path);
  const program = ts.createProgram([preludeFile, ...modules], options, host);

  return modules.flatMap((path, index) => {
    const module = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(module), ...program.getSemanticDiagnostics(module)];
    return found.map(({ file, start = 0, messageText }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
      return `${checked[index]?.file}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}
