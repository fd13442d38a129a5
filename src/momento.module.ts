import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { MomentoConfigurableModule } from './momento.module-definition.js';
import { checkAsyncOptions, type MomentoModuleAsyncOptions } from './momento.async-options.js';
import { type CacheFeatureAsyncOptions, checkFeatureAsync } from './momento.feature-options.js';
import type { AnyCacheDefinition } from './cache/typed/cache-definition.js';
import type { CacheFeature } from './module/connection.options.js';
import { checkFeatures } from './module/feature.options.js';
import { asyncFeatureOf, type Feature, featureOf } from './module/feature.js';
import { featureProvider } from './module/feature.providers.js';
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
    return featureModule(features.map(featureOf), connectionName);
  }

  /**
   * As `forFeature` for one cache, a definition or a name, with options that need other providers. They win over those of the
   * definition.
   *
   * @throws MomentoConfigurationError `invalid-options`
   * @example
   * MomentoModule.forFeatureAsync({
   *   cache: users,
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ ttlSeconds: config.get<number>('USERS_TTL') }),
   * })
   */
  static forFeatureAsync<
    const Cache extends string | AnyCacheDefinition,
    const Tokens extends readonly unknown[] = readonly [],
  >(options: CacheFeatureAsyncOptions<Cache, Tokens>, connectionName?: string): DynamicModule {
    checkFeatureAsync(options);
    const { cache, inject = [], imports } = options;
    const factory = options as { useFactory(...dependencies: unknown[]): unknown };
    const feature = asyncFeatureOf(cache, inject as Feature['inject'], (...dependencies) =>
      factory.useFactory(...dependencies),
    );
    return featureModule([feature], connectionName, imports);
  }
}

function featureModule(
  features: readonly Feature[],
  connectionName?: string,
  imports: ModuleMetadata['imports'] = [],
): DynamicModule {
  const providers = features.map((feature) => featureProvider(feature, connectionName));
  return {
    module: MomentoModule,
    imports: [MomentoCoreModule, ...imports],
    providers,
    exports: providers.map(({ provide }) => provide),
  };
}
