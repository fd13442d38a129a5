import { type DynamicModule, Module } from '@nestjs/common';
import { MomentoLocal } from '../local/index.js';
import { MomentoModule } from '../momento.module.js';
import type { MomentoModuleExtras } from '../momento.async-options.js';
import type { MomentoModuleOptions } from '../momento.options.js';
import { EmbeddedMomento, type EmbeddedMomentoOptions } from './embedded-momento.js';

/** The options of `MomentoModule` but those that say where Momento is. @default cacheName: 'test-cache' */
export type MomentoTestingOptions = Omit<MomentoModuleOptions, 'credentials' | 'endpoint' | 'createCaches'> &
  MomentoModuleExtras &
  EmbeddedMomentoOptions;

/**
 * Takes the place of `MomentoModule.forRoot` in a test of modules that inject its services: a real, empty cache of its own,
 * on real SDK clients, that ends with the app. Its `MomentoLocal` can be injected, to see requests and to make them fail.
 *
 * @example
 * const moduleRef = await Test.createTestingModule({ imports: [MomentoTestingModule.forRoot(), UsersModule] }).compile();
 */
@Module({})
export class MomentoTestingModule {
  static forRoot({ now, ...options }: MomentoTestingOptions = {}): DynamicModule {
    const momento = new EmbeddedMomento({ now });
    const credentials = momento.source();
    return {
      module: MomentoTestingModule,
      global: true,
      imports: [
        MomentoModule.forRoot({ cacheName: 'test-cache', ...options, credentials, createCaches: true }),
      ],
      providers: [{ provide: MomentoLocal, useValue: momento.server }],
      exports: [MomentoLocal],
    };
  }
}
