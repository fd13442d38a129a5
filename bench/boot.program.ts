import 'reflect-metadata';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CacheClient, Configurations, CredentialProvider } from '@gomomento/sdk';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fromSecretsManager, MomentoModule } from 'nestjs-momento';

/** An app as Momento's documented example makes it, or as this library does; it says how long its process took to boot. */
const [kind, secretsEndpoint = '', momentoAddress = ''] = process.argv.slice(2);
const endpointOverrides = {
  cacheEndpoint: momentoAddress,
  controlEndpoint: momentoAddress,
  tokenEndpoint: momentoAddress,
  secureConnection: false,
};

async function documentedClient(): Promise<CacheClient> {
  const client = new SecretsManagerClient({ region: 'us-west-2', endpoint: secretsEndpoint });
  const command = new GetSecretValueCommand({ SecretId: 'Momento_Auth_Token', VersionStage: 'AWSCURRENT' });
  const { SecretString: authToken = '' } = await client.send(command);
  return new CacheClient({
    configuration: Configurations.Laptop.latest(),
    credentialProvider: CredentialProvider.fromString({ authToken, endpointOverrides }),
    defaultTtlSeconds: 600,
  });
}

@Module({ providers: [{ provide: CacheClient, useFactory: documentedClient }] })
class DocumentedModule {}

const ours = () =>
  MomentoModule.forRoot({
    credentials: fromSecretsManager({ region: 'us-west-2', endpoint: secretsEndpoint }),
    endpoint: endpointOverrides,
    configuration: Configurations.Laptop.latest(),
    cacheName: 'bench',
  });

const app = await NestFactory.createApplicationContext(kind === 'ours' ? ours() : DocumentedModule, {
  logger: false,
});
console.log(JSON.stringify({ bootMs: process.uptime() * 1000 }));
await app.close();
app.get(CacheClient, { strict: false }).close();
