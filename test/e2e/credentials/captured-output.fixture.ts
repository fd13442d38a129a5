import { format } from 'node:util';
import { ConsoleLogger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { onTestFinished, vi } from 'vitest';

const consoleMethods = ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const;

/** Everything the process says during a test, held back from the terminal. */
export interface CapturedOutput {
  /** What was said so far. */
  text(): string;
  /** Writes at every level there is; for `setLogger`. */
  readonly logger: ConsoleLogger;
}

/** Captures Nest's logs at their most verbose, the console, both streams and the process's warnings, until the test ends. */
export function captureOutput(): CapturedOutput {
  const lines: string[] = [];
  const hold = (...values: unknown[]) => {
    lines.push(format(...values));
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(hold),
    vi.spyOn(process.stderr, 'write').mockImplementation(hold),
    ...consoleMethods.map((method) =>
      vi.spyOn(console, method).mockImplementation((...values: unknown[]) => void hold(...values)),
    ),
  ];
  const onWarning = (warning: Error) => void hold(warning);
  process.on('warning', onWarning);
  onTestFinished(async () => {
    for (const spy of spies) spy.mockRestore();
    process.off('warning', onWarning);
    // Nest's logger is one a process; a testing module puts its own quiet one back.
    await Test.createTestingModule({}).compile();
  });
  const logger = new ConsoleLogger({ logLevels: ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] });
  return { text: () => lines.join('\n'), logger };
}
