import { type DynamicModule, Module } from '@nestjs/common';
import { MomentoConfigurableModule } from './momento.module-definition.js';
import { checkAsyncOptions, type MomentoModuleAsyncOptions } from './momento.async-options.js';
import type { AnyCacheDefinition } from './cache/typed/cache-definition.js';
import type { CacheFeature } from './module/connection.options.js';
import { checkFeatures } from './module/feature.options.js';
import { featureProviders } from './module/feature.providers.js';
import { MomentoCoreModule } from './module/momento-core.module.js';

/**
 * Connects an app to Momento: `forRoot` or `forRootAsync` once, then inject `CacheService`, `TopicService`, or the SDK's own
 * clients by their classes. The boot awaits the key and fails with advice when the set-up is wrong.
 *
 * @example
 * MomentoModule.forRootAsync({
 *   inject: [ConfigService],
 *   useFactory: (config: ConfigService) => ({
 *     credentials: fromSecretsManager({ secretId: config.getOrThrow('MOMENTO_SECRET_ID') }),
 *     cacheName: 'demo-cache',
 *   }),
 * })
 */
@Module({})
export class MomentoModule extends MomentoConfigurableModule {
  /**
   * As `forRoot`, with options that need other providers: by one of `useFactory`, `useClass` and `useExisting`.
   *
   * @throws MomentoConfigurationError `invalid-options` when there is none of these or several, or when `useFactory` takes
   *   arguments that `inject` does not name
   */
  static override forRootAsync<const Tokens extends readonly unknown[] = readonly []>(
    options: MomentoModuleAsyncOptions<Tokens>,
  ): DynamicModule {
    checkAsyncOptions(options);
    return super.forRootAsync(options);
  }

  /**
   * Makes caches injectable: those of `defineCache` with `@InjectCache(definition)`, as a `TypedCache`; others with
   * `@InjectCache(cacheName)`, as a `CacheService` with a TTL, key prefix and codec of its own. The connection has to be
   * global, as it is unless `isGlobal: false`.
   *
   * @throws MomentoConfigurationError `invalid-options`
   */
  static forFeature(
    features: readonly (CacheFeature | AnyCacheDefinition)[],
    connectionName?: string,
  ): DynamicModule {
    checkFeatures(features);
    const providers = featureProviders(features, connectionName);
    return {
      module: MomentoModule,
      imports: [MomentoCoreModule],
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}
