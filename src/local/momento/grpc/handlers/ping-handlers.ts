import { ping } from '@gomomento/generated-types';
import type { UnaryHandlers } from '../calls/call-pipeline.js';

const { _PingResponse: PingResponse } = ping.cache_client;

export function pingHandlers(): UnaryHandlers<'ping'> {
  return { Ping: () => new PingResponse() };
}
