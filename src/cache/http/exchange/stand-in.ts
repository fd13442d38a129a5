import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { replace } from './exchange.js';

/**
 * Lets a response that is out be written once more, by who does not know of that: headers are those of a stand-in, and what is
 * sent goes nowhere. What hears it stays.
 *
 * @param headers with which it begins
 * @param isHeard whether something hears what is sent, and sends nothing
 */
export function standInFor(response: ServerResponse, headers: OutgoingHttpHeaders, isHeard: boolean): void {
  const standIn = new Map(Object.entries(headers));
  const chained =
    (work: (...args: never[]) => unknown) =>
    (...args: unknown[]): unknown => {
      Reflect.apply(work, undefined, args);
      return response;
    };
  const set = (name: string, value: OutgoingHttpHeaders[string]) => standIn.set(name.toLowerCase(), value);
  replace(response, 'getHeader', (name) => standIn.get(String(name).toLowerCase()));
  replace(response, 'hasHeader', (name) => standIn.has(String(name).toLowerCase()));
  replace(response, 'getHeaders', () => Object.fromEntries(standIn));
  replace(response, 'getHeaderNames', () => [...standIn.keys()]);
  replace(response, 'removeHeader', (name) => void standIn.delete(String(name).toLowerCase()));
  replace(response, 'setHeader', chained(set));
  replace(
    response,
    'appendHeader',
    chained((name: string, value: string | string[]) =>
      set(name, [standIn.get(name.toLowerCase()) ?? [], value].flat().map(String)),
    ),
  );
  replace(
    response,
    'writeHead',
    chained((status: number) => (response.statusCode = status)),
  );
  replace(response, 'flushHeaders', () => undefined);
  Object.defineProperty(response, 'headersSent', { get: () => false, configurable: true });
  if (isHeard) return;
  for (const name of ['send', 'end', 'write']) replace(response, name, () => response);
}
