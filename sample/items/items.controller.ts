import { ServerResponse } from 'node:http';
import { BadRequestException, Body, Controller, Get, Param, Put, Res } from '@nestjs/common';
import { CacheService } from 'nestjs-momento';
import { type Item, ItemsService } from './items.service.js';

@Controller('items')
export class ItemsController {
  constructor(
    private readonly cache: CacheService,
    private readonly items: ItemsService,
  ) {}

  /** `x-cache: MISS` when this request ran the loader. */
  @Get(':id')
  async find(@Param('id') id: string, @Res({ passthrough: true }) response: ServerResponse): Promise<Item> {
    let answeredBy = 'HIT';
    const load = () => {
      answeredBy = 'MISS';
      return this.items.load(id);
    };
    const item = await this.cache.getOrSet(`item:${id}`, load, { ttlSeconds: 60 });
    response.setHeader('x-cache', answeredBy);
    return item;
  }

  @Put(':id')
  async rename(@Param('id') id: string, @Body('name') name: unknown): Promise<Item> {
    if (typeof name !== 'string') throw new BadRequestException('name must be a text');
    const item = await this.items.rename(id, name);
    await this.cache.delete(`item:${id}`);
    return item;
  }
}
