import { Controller, Get, Injectable, Module, Param } from '@nestjs/common';
import { CacheService, fromSecretsManager, MomentoModule } from 'nestjs-momento';

export interface User {
  id: string;
  name: string;
}

@Injectable()
export class UsersService {
  loads = 0;

  async load(id: string): Promise<User> {
    this.loads += 1;
    return { id, name: 'Ada' };
  }
}

@Controller('users')
export class UsersController {
  constructor(
    private readonly cache: CacheService,
    private readonly users: UsersService,
  ) {}

  @Get(':id')
  find(@Param('id') id: string): Promise<User> {
    return this.cache.getOrSet(`user:${id}`, () => this.users.load(id), { ttlSeconds: 60 });
  }
}

@Module({
  imports: [
    MomentoModule.forRootAsync({
      useFactory: () => ({
        credentials: fromSecretsManager({ secretId: 'app/momento' }),
        endpoint: process.env.MOMENTO_ENDPOINT,
        cacheName: 'demo-cache',
      }),
    }),
  ],
  controllers: [UsersController],
  providers: [UsersService],
})
export class AppModule {}
