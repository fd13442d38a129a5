import { Configurations, LeaderboardConfigurations, TopicConfigurations } from '@gomomento/sdk';
import { ConfigService } from '@nestjs/config';
import {
  type CacheBinding,
  type CacheFeature,
  type CacheSetOptions,
  MomentoModule,
  type MomentoModuleExtras,
  type MomentoModuleOptions,
  type MomentoOptionsFactory,
} from 'nestjs-momento';
import { MomentoTestingModule } from 'nestjs-momento/testing';

const takesConfig = (config: ConfigService) => ({ cacheName: config.getOrThrow<string>('A') });

/** Compiled by the type check, never run: each line marked as an error is one, or the compiler says that it is none. */
export function compiled(options: MomentoModuleOptions): void {
  class Factory implements MomentoOptionsFactory {
    createMomentoOptions(): MomentoModuleOptions {
      return options;
    }
  }

  // Right.
  MomentoModule.forRootAsync({ useFactory: () => options });
  MomentoModule.forRootAsync({ useFactory: async () => ({ cacheName: 'a' }), name: 'b', isGlobal: false });
  MomentoModule.forRootAsync({
    inject: [ConfigService, { token: 'X', optional: true }],
    useFactory: (config, x: unknown) => ({ cacheName: config.getOrThrow<string>('A') + String(x) }),
  });
  MomentoModule.forRootAsync({
    inject: [ConfigService],
    useFactory: (config: ConfigService<{ A: string }>) => ({ cacheName: config.get('A') }),
  });
  MomentoModule.forRootAsync({ useClass: Factory, imports: undefined, name: undefined, isGlobal: undefined });
  MomentoModule.forRootAsync({
    useExisting: Factory,
    useClass: undefined,
    useFactory: undefined,
    inject: undefined,
  });

  // @ts-expect-error none of the three
  MomentoModule.forRootAsync({});
  // @ts-expect-error two of the three
  MomentoModule.forRootAsync({ useFactory: () => options, useClass: Factory });
  // @ts-expect-error two of the three
  MomentoModule.forRootAsync({ useExisting: Factory, useClass: Factory });
  MomentoModule.forRootAsync({ inject: [ConfigService], useFactory: takesConfig });
  // @ts-expect-error an argument that inject does not name
  MomentoModule.forRootAsync({ useFactory: takesConfig });
  MomentoModule.forRootAsync({
    inject: [ConfigService],
    // @ts-expect-error the argument is another class's
    useFactory: (config: Date) => ({ cacheName: config.toString() }),
  });
  // @ts-expect-error the name belongs beside the factory
  MomentoModule.forRootAsync({ useFactory: () => ({ cacheName: 'a', name: 'b' }) });
  // @ts-expect-error a class that makes no options
  MomentoModule.forRootAsync({ useClass: ConfigService });
  // @ts-expect-error a cache has a name
  MomentoModule.forFeature([{ cacheName: undefined }]);
}

/** With exactOptionalPropertyTypes, each option takes the `undefined` that `ConfigService.get()` may give. */
type AllUndefined<T> = { readonly [Name in keyof T]-?: undefined };

declare const undefineds: AllUndefined<MomentoModuleOptions & MomentoModuleExtras>;
declare const bindings: AllUndefined<CacheBinding & CacheSetOptions>;
declare const features: AllUndefined<Omit<CacheFeature, 'cacheName'>>;

export const optionals = () => [
  MomentoModule.forRoot(undefineds),
  MomentoTestingModule.forRoot({ cacheName: undefined, name: undefined, refresh: undefined, now: undefined }),
  MomentoModule.forFeature([{ cacheName: 'a', ...features }]),
  bindings satisfies CacheBinding & CacheSetOptions,
];

export const configurations: MomentoModuleOptions = {
  configuration: Configurations.Laptop.latest(),
  topicConfiguration: TopicConfigurations.Default.latest(),
  leaderboardConfiguration: LeaderboardConfigurations.Laptop.latest(),
  sdkLogs: 'debug',
};
