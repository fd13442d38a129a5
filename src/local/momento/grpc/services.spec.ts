import {
  MomentoRPCMethod,
  MomentoRPCMethodMetadataConverter,
} from '@gomomento/sdk/dist/src/config/retry/momento-rpc-method.js';
import { describe, expect, it } from 'vitest';
import { SERVICES, type ServiceName, rpcNameOf } from './services.js';

const SERVICE_NAMES: readonly ServiceName[] = [
  'cache',
  'control',
  'topics',
  'ping',
  'leaderboard',
  'auth',
  'token',
  'webhook',
];

describe('rpcNameOf', () => {
  const names = SERVICE_NAMES.flatMap((service) =>
    Object.keys(SERVICES[service]).map((method) => rpcNameOf(service, method)),
  );

  it('names every rpc that the SDK names, by the same name', () => {
    const known = Object.values(MomentoRPCMethod).map((method) =>
      MomentoRPCMethodMetadataConverter.convert(method),
    );

    expect(names).toEqual(expect.arrayContaining(known));
  });

  it('names no two rpcs alike', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining(['get', 'set-if-not-exists', 'topic-publish', 'create-cache', 'ping']),
    );
  });
});
