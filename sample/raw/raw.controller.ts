import { CacheClient, CacheGetResponse, CacheSetResponse } from '@gomomento/sdk';
import {
  BadGatewayException,
  BadRequestException,
  Body,
  Controller,
  Get,
  NotFoundException,
  Param,
  Put,
} from '@nestjs/common';
import { cacheName } from '../cache-name.js';

/** Apart from what others keep in the cache: nobody can write their keys from here. */
const keyOf = (name: string) => `raw:${name}`;

/** The SDK's own client, for what `CacheService` does not offer: it returns its errors, so each answer is looked at. */
@Controller('raw')
export class RawController {
  constructor(private readonly client: CacheClient) {}

  @Get(':key')
  async read(@Param('key') key: string): Promise<{ value: string }> {
    const response = await this.client.get(cacheName, keyOf(key));
    if (response.type === CacheGetResponse.Hit) return { value: response.valueString() };
    if (response.type === CacheGetResponse.Miss)
      throw new NotFoundException(`Nothing is cached as '${key}'.`);
    throw new BadGatewayException(response.message());
  }

  @Put(':key')
  async write(@Param('key') key: string, @Body('value') value: unknown): Promise<{ stored: string }> {
    if (typeof value !== 'string') throw new BadRequestException('value must be a text');
    const response = await this.client.set(cacheName, keyOf(key), value);
    if (response.type === CacheSetResponse.Error) throw new BadGatewayException(response.message());
    return { stored: key };
  }
}
