import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { CacheService } from 'nestjs-momento';

export interface Item {
  readonly id: string;
  readonly name: string;
}

/** Stands for a slow database, with a cache in front of it. */
@Injectable()
export class ItemsService {
  readonly #names = new Map<string, string>();

  constructor(private readonly cache: CacheService) {}

  find(id: string): Promise<Item> {
    return this.cache.getOrSet(`item:${id}`, () => this.#load(id), { ttlSeconds: 60 });
  }

  async rename(id: string, name: string): Promise<Item> {
    this.#names.set(id, name);
    return { id, name };
  }

  async #load(id: string): Promise<Item> {
    await setTimeout(200);
    return { id, name: this.#names.get(id) ?? `Item ${id}` };
  }
}
