import { Controller, Get, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule, type ThrottlerOptions } from '@nestjs/throttler';
import { CacheService } from 'nestjs-momento';
import { type MomentoThrottlerOptions, MomentoThrottlerStorage } from 'nestjs-momento/throttler';

@Controller()
class HomeController {
  @Get()
  home(): string {
    return 'home';
  }
}

/** What an app imports beside the connection: a route that the guard limits. */
export function limited(
  throttlers: ThrottlerOptions[],
  options: MomentoThrottlerOptions = {},
): NonNullable<ModuleMetadata['imports']>[number] {
  @Module({
    imports: [
      ThrottlerModule.forRootAsync({
        inject: [CacheService],
        useFactory: (cache: CacheService) => ({
          throttlers,
          storage: new MomentoThrottlerStorage(cache, options),
        }),
      }),
    ],
    controllers: [HomeController],
    providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
  })
  class LimitedModule {}
  return LimitedModule as Type;
}
