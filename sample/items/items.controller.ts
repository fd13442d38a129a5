import { BadRequestException, Body, Controller, Get, Param, Put, UseInterceptors } from '@nestjs/common';
import { CacheEvict, CacheTags, CacheTtl, MomentoCacheInterceptor } from 'nestjs-momento';
import { type Item, ItemsService } from './items.service.js';

interface ItemRequest {
  readonly params: { readonly id: string };
}

@Controller('items')
@UseInterceptors(MomentoCacheInterceptor)
@CacheTtl(60)
export class ItemsController {
  constructor(private readonly items: ItemsService) {}

  /** The interceptor says `x-cache: MISS` when this ran, and `HIT` when the answer was cached. */
  @Get(':id')
  @CacheTags(({ params }: ItemRequest) => [`item:${params.id}`])
  find(@Param('id') id: string): Promise<Item> {
    return this.items.find(id);
  }

  @Put(':id')
  @CacheEvict({ keys: (id: string) => [`item:${id}`], tags: (id: string) => [`item:${id}`] })
  async rename(@Param('id') id: string, @Body('name') name: unknown): Promise<Item> {
    if (typeof name !== 'string') throw new BadRequestException('name must be a text');
    return this.items.rename(id, name);
  }
}
