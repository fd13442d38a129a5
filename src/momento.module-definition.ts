import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type Provider,
  type Type,
  type ValueProvider,
} from '@nestjs/common';
import { type MomentoModuleOptions, resolveOptions } from './momento.options.js';
import { connectionExports, connectionProviders } from './module/connection.providers.js';
import { ConnectionRegistry } from './module/connection.registry.js';
import { MomentoCoreModule } from './module/momento-core.module.js';
import { defaultConnectionName } from './foundation/tokens.js';

/** What is said where the module is imported, beside the options. */
export interface MomentoModuleExtras {
  /** Names a second connection; its injectables are had with `@InjectCacheService(name)` and the like. @default 'default' */
  readonly name?: string;
  /** Whether every module can inject without importing. @default true */
  readonly isGlobal?: boolean;
}

/** Makes the options; for `useClass` and `useExisting`. */
export interface MomentoOptionsFactory {
  createMomentoOptions(): MomentoModuleOptions | Promise<MomentoModuleOptions>;
}

/** The instance that a token of `inject` stands for. A string or a symbol says nothing of it: annotate the argument. */
type Injected<Token> = Token extends { readonly token: infer Inner; readonly optional?: infer Optional }
  ? Injected<Inner> | (Optional extends true ? undefined : never)
  : Token extends abstract new (...args: never[]) => infer Instance
    ? Instance
    : never;

type InjectedAll<Tokens extends readonly unknown[]> = { [Index in keyof Tokens]: Injected<Tokens[Index]> };

/** How the options are made when they need other providers. One of `useFactory`, `useClass`, `useExisting`. */
export interface MomentoModuleAsyncOptions<
  Tokens extends readonly unknown[] = readonly [],
> extends MomentoModuleExtras {
  /** Modules whose exports the factory injects. */
  readonly imports?: ModuleMetadata['imports'];
  /** What the factory's arguments are: classes, tokens, or `{ token, optional: true }`. */
  readonly inject?: Tokens;
  /** Declared as a method so that an argument may be annotated more precisely than its class, as `ConfigService<Env>` is. */
  useFactory?(...args: InjectedAll<Tokens>): MomentoModuleOptions | Promise<MomentoModuleOptions>;
  readonly useClass?: Type<MomentoOptionsFactory>;
  readonly useExisting?: Type<MomentoOptionsFactory>;
}

interface MomentoConfigurableModule {
  new (): object;
  forRoot(options: MomentoModuleOptions & MomentoModuleExtras): DynamicModule;
  forRootAsync<const Tokens extends readonly unknown[] = readonly []>(
    options: MomentoModuleAsyncOptions<Tokens>,
  ): DynamicModule;
}

const OPTIONS = 'nestjs-momento/Options';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<MomentoModuleOptions>({
  optionsInjectionToken: OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createMomentoOptions')
  .setExtras<MomentoModuleExtras>({ name: defaultConnectionName, isGlobal: true }, (definition, extras) => ({
    ...definition,
    global: extras.isGlobal ?? true,
    imports: [...(definition.imports ?? []), MomentoCoreModule],
    providers: [
      ...(definition.providers ?? []).map((provider) => resolvingOptions(provider, extras.name)),
      ...connectionProviders(extras.name, OPTIONS),
    ],
    exports: connectionExports(extras.name),
  }))
  .build();

/** The builder's class, with the factory's arguments typed from `inject`. */
export const MomentoConfigurableModule = ConfigurableModuleClass as MomentoConfigurableModule;

/**
 * Lets the options provider of the builder give checked options, so that no other provider sees what the user wrote; a factory
 * that fails, as `getOrThrow` does, fails the boot of the other connections, too.
 */
function resolvingOptions(provider: Provider, connectionName = defaultConnectionName): Provider {
  if (!isOptionsProvider(provider)) return provider;
  const { provide } = provider;
  const [inject, given] =
    'useValue' in provider
      ? [[], () => provider.useValue]
      : [provider.inject ?? [], (...dependencies: unknown[]) => provider.useFactory(...dependencies)];
  return {
    provide,
    inject: [ConnectionRegistry, ...inject],
    useFactory: (registry: ConnectionRegistry, ...dependencies: unknown[]) =>
      registry.step(async () => resolveOptions(await given(...dependencies), connectionName)),
  };
}

function isOptionsProvider(
  provider: Provider,
): provider is FactoryProvider<MomentoModuleOptions> | ValueProvider<MomentoModuleOptions> {
  return 'provide' in provider && provider.provide === OPTIONS;
}
