import { Controller, Get, Injectable, Module, Param, Put } from '@nestjs/common';
import { CacheService, fromSecretsManager, MomentoModule } from 'nestjs-momento';

@Injectable()
class Settings {
  readonly cacheName = 'demo-cache';
  readonly endpoint = process.env['MOMENTO_ENDPOINT'] ?? '';
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

interface Item {
  readonly id: string;
  readonly name: string;
}

@Injectable()
class ItemsService {
  constructor(private readonly cache: CacheService) {}

  async store(item: Item): Promise<void> {
    await this.cache.set(item.id, item, { ttlSeconds: 60 });
  }

  find(id: string): Promise<Item | undefined> {
    return this.cache.get<Item>(id);
  }
}

@Controller('items')
class ItemsController {
  constructor(private readonly items: ItemsService) {}

  @Put(':id/:name')
  store(@Param('id') id: string, @Param('name') name: string): Promise<void> {
    return this.items.store({ id, name });
  }

  @Get(':id')
  find(@Param('id') id: string): Promise<Item | undefined> {
    return this.items.find(id);
  }
}

@Module({
  imports: [
    MomentoModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: ({ cacheName, endpoint }) => ({
        credentials: fromSecretsManager({ secretId: 'app/momento' }),
        endpoint,
        cacheName,
      }),
    }),
  ],
  controllers: [ItemsController],
  providers: [ItemsService],
})
export class AppModule {}
