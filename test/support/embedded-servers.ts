import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { afterEach, beforeEach } from 'vitest';
import { awsEnvironment } from './aws-environment.js';

export interface EmbeddedServers {
  momento: MomentoLocal;
  secrets: SecretsManagerLocal;
  /** The key in the secret `Momento_Auth_Token`, as it is stored. */
  apiKey: string;
}

/** Starts both servers afresh for each test, with a cache `demo-cache` and a key in the secret that is read by default. */
export function useEmbeddedServers(): EmbeddedServers {
  const servers = {} as EmbeddedServers;
  const environment = { ...process.env };
  beforeEach(async () => {
    Object.assign(process.env, awsEnvironment);
    servers.momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
    servers.secrets = await SecretsManagerLocal.start({ port: 0 });
    servers.apiKey = servers.momento.issueApiKey();
    servers.secrets.putSecret('Momento_Auth_Token', servers.apiKey);
  });
  afterEach(async () => {
    await Promise.all([servers.momento.stop(), servers.secrets.stop()]);
    for (const name of Object.keys(awsEnvironment)) {
      if (environment[name] === undefined) delete process.env[name];
      else process.env[name] = environment[name];
    }
  });
  return servers;
}
