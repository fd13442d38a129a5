import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { defineTopic, TopicService } from 'nestjs-momento';
import { until } from './running-app.js';

export interface Order {
  readonly id: number;
}

export const orders = defineTopic<Order>('orders');

/** What a check tells of, in its order. */
@Injectable()
export class Journal {
  readonly lines: unknown[] = [];
}

/** Waits until the handlers of the app have dealt with so many messages. @returns what became of them */
export async function settled(app: INestApplicationContext, count: number) {
  const sum = () => {
    const result = { handled: 0, failed: 0, unreadable: 0, dropped: 0 };
    for (const one of app.get(TopicService).stats().handlers) {
      result.handled += one.handled;
      result.failed += one.failed;
      result.unreadable += one.unreadable;
      result.dropped += one.dropped;
    }
    return result;
  };
  const done = () => Object.values(sum()).reduce((one, other) => one + other);
  await until(`${count} messages are dealt with`, async () => done() >= count);
  return sum();
}

/** A promise that the check ends. */
export function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), passed };
}
