import 'reflect-metadata';
import assert from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { AppModule } from './app.module.js';

/** Boots on the embedded servers, stores and reads one item over HTTP, and closes. */
async function main(): Promise<void> {
  const secrets = await SecretsManagerLocal.start({ port: 0 });
  const momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
  secrets.putSecret('app/momento', momento.issueApiKey());
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = secrets.endpoint;
  process.env['MOMENTO_ENDPOINT'] = `${momento.hostname}:${momento.port}`;

  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const stored = await fetch(`${url}/items/1/Ada`, { method: 'PUT' });
  assert.equal(stored.status, 200);
  const found = await fetch(`${url}/items/1`);
  assert.deepEqual(await found.json(), { id: '1', name: 'Ada' });
  assert.equal(secrets.calls.length, 1);

  await app.close();
  await momento.stop();
  await secrets.stop();
  console.log('closed');
}

void main();
