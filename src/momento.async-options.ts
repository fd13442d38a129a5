import type { ModuleMetadata, Type } from '@nestjs/common';
import type { MomentoModuleOptions } from './momento.options.js';
import { checkOptions } from './foundation/options.rules.js';

/** What is said where the module is imported, beside the options. */
export interface MomentoModuleExtras {
  /** Names a second connection; its injectables go by `@InjectCacheService(name)` and the like. @default 'default' */
  readonly name?: string | undefined;
  /** Whether every module can inject without importing. @default true */
  readonly isGlobal?: boolean | undefined;
}

/** What a factory returns: the options, without what stands beside the factory. */
export type MomentoFactoryOptions = MomentoModuleOptions & {
  readonly [Extra in keyof MomentoModuleExtras]?: never;
};

/** Makes the options; for `useClass` and `useExisting`. */
export interface MomentoOptionsFactory {
  createMomentoOptions(): MomentoFactoryOptions | Promise<MomentoFactoryOptions>;
}

/** The instance that a token of `inject` stands for. A string or a symbol says nothing of it: annotate the argument. */
type Injected<Token> = Token extends { readonly token: infer Inner; readonly optional?: infer Optional }
  ? Injected<Inner> | (Optional extends true ? undefined : never)
  : Token extends abstract new (...args: never[]) => infer Instance
    ? Instance
    : never;

export type InjectedAll<Tokens extends readonly unknown[]> = {
  [Index in keyof Tokens]: Injected<Tokens[Index]>;
};

/** By a function. */
export interface MomentoOptionsByFactory {
  useFactory(): MomentoFactoryOptions | Promise<MomentoFactoryOptions>;
  readonly inject?: undefined;
  readonly useClass?: undefined;
  readonly useExisting?: undefined;
}

/** By a function of what `inject` names. */
export interface MomentoOptionsByInjection<Tokens extends readonly unknown[]> {
  /** What the factory's arguments are: classes, tokens, or `{ token, optional: true }`. */
  readonly inject: Tokens;
  /** Declared as a method so that an argument may be annotated more precisely than its class, as `ConfigService<Env>` is. */
  useFactory(...args: InjectedAll<Tokens>): MomentoFactoryOptions | Promise<MomentoFactoryOptions>;
  readonly useClass?: undefined;
  readonly useExisting?: undefined;
}

/** By a class, made for this. */
export interface MomentoOptionsByClass {
  readonly useClass: Type<MomentoOptionsFactory>;
  readonly inject?: undefined;
  readonly useFactory?: undefined;
  readonly useExisting?: undefined;
}

/** By a provider of an imported module. */
export interface MomentoOptionsByExisting {
  readonly useExisting: Type<MomentoOptionsFactory>;
  readonly inject?: undefined;
  readonly useFactory?: undefined;
  readonly useClass?: undefined;
}

/** How the options are made when they need other providers: one of `useFactory`, `useClass`, `useExisting`. */
export type MomentoModuleAsyncOptions<Tokens extends readonly unknown[] = readonly []> =
  MomentoModuleExtras & {
    /** Modules whose exports the factory injects. */
    readonly imports?: ModuleMetadata['imports'] | undefined;
  } & (
      | MomentoOptionsByFactory
      | MomentoOptionsByInjection<Tokens>
      | MomentoOptionsByClass
      | MomentoOptionsByExisting
    );

const ways = ['useFactory', 'useClass', 'useExisting'];
const known = new Set([...ways, 'inject', 'imports', 'name', 'isGlobal']);

/**
 * Refuses what the compiler refuses, too, where it is not asked.
 *
 * @throws MomentoConfigurationError `invalid-options`
 */
export function checkAsyncOptions(options: unknown): void {
  checkOptions('The options of MomentoModule.forRootAsync', asyncProblems(options));
}

function asyncProblems(options: unknown): string[] {
  if (typeof options !== 'object' || options === null)
    return ['must be an object with useFactory, useClass or useExisting'];
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const chosen = given.filter(([name]) => ways.includes(name));
  const problems = given
    .filter(([name]) => !known.has(name))
    .map(([name]) => `${name}: is not an option of forRootAsync; return it from useFactory`);
  if (chosen.length !== 1) {
    const found = chosen.length === 0 ? 'none' : chosen.map(([name]) => name).join(' and ');
    problems.push(`one of useFactory, useClass and useExisting is needed, there is ${found}`);
  }
  for (const [name, value] of chosen) {
    if (typeof value !== 'function')
      problems.push(`${name}: must be a ${name === 'useFactory' ? 'function' : 'class'}`);
    else if (name === 'useFactory') problems.push(...argumentProblems(value, Reflect.get(options, 'inject')));
  }
  return problems;
}

/** What is wrong with the number of a factory's arguments. */
export function argumentProblems(useFactory: { readonly length: number }, inject: unknown): string[] {
  const injected = Array.isArray(inject) ? inject.length : 0;
  if (useFactory.length <= injected) return [];
  return [
    `useFactory: takes ${useFactory.length} arguments, and inject names ${injected}: name there what each argument is`,
  ];
}
