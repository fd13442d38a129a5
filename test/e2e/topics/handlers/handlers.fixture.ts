import type { INestApplicationContext } from '@nestjs/common';
import { type TopicHandlerStats, TopicService } from 'nestjs-momento';
import { expect, vi } from 'vitest';

export const patient = { timeout: 10_000, interval: 5 };

/** What the only handler of an app, or the one of this name, has done so far. */
export function statsOf(app: INestApplicationContext, handler?: string): TopicHandlerStats {
  const { handlers } = app.get(TopicService).stats();
  const found = handlers.find((one) => handler === undefined || one.handler === handler);
  if (found === undefined) throw new Error(`There is no handler ${handler ?? ''}.`);
  return found;
}

/** Waits until nothing is under way. @returns what became of all that it received */
export async function settled(app: INestApplicationContext, received: number): Promise<TopicHandlerStats> {
  await vi.waitFor(() => expect(statsOf(app)).toMatchObject({ received, waiting: 0, running: 0 }), patient);
  return statsOf(app);
}

/** What a test tells of, in its order. */
export class Journal {
  readonly lines: unknown[] = [];

  note(line: unknown): void {
    this.lines.push(line);
  }
}

/** A promise that the test ends. */
export function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  const opened = new AbortController();
  const passed = new Promise<void>((resolve) =>
    opened.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  return { open: () => opened.abort(), passed };
}
