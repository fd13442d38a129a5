import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  type FactoryProvider,
  type Provider,
  type ValueProvider,
} from '@nestjs/common';
import type { MomentoModuleExtras } from './momento.async-options.js';
import { type MomentoModuleOptions, resolveOptions } from './momento.options.js';
import { connectionExports, connectionProviders } from './module/connection.providers.js';
import { ConnectionRegistry } from './module/connection.registry.js';
import { MomentoCoreModule } from './module/momento-core.module.js';
import { defaultConnectionName } from './foundation/tokens.js';

interface MomentoConfigurableModule {
  new (): object;
  forRoot(options: MomentoModuleOptions & MomentoModuleExtras): DynamicModule;
  /** `MomentoModule` says what the options are, more precisely than the builder does. */
  forRootAsync(options: object): DynamicModule;
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

/** The builder's class, as `MomentoModule` extends it. */
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
