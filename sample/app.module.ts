import { Configurations } from '@gomomento/sdk';
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { fromSecretsManager, MomentoModule } from 'nestjs-momento';
import { cacheName } from './cache-name.js';
import { EventsModule } from './events/events.module.js';
import { HealthModule } from './health/health.module.js';
import { ItemsModule } from './items/items.module.js';
import { RawModule } from './raw/raw.module.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    MomentoModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        credentials: fromSecretsManager({ secretId: config.getOrThrow('MOMENTO_SECRET_ID') }),
        endpoint: config.get<string>('MOMENTO_ENDPOINT'),
        configuration: Configurations.InRegion.Default.latest(),
        cacheName,
        createCaches: true,
      }),
    }),
    ItemsModule,
    RawModule,
    EventsModule,
    HealthModule,
  ],
})
export class AppModule {}
