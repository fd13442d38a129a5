import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Item {
  readonly id: string;
  readonly name: string;
}

/** Stands for a slow database. */
@Injectable()
export class ItemsService {
  readonly #names = new Map<string, string>();

  async load(id: string): Promise<Item> {
    await setTimeout(200);
    return { id, name: this.#names.get(id) ?? `Item ${id}` };
  }

  async rename(id: string, name: string): Promise<Item> {
    this.#names.set(id, name);
    return { id, name };
  }
}
