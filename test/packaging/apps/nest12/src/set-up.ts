import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheService, fromSecretsManager, MomentoModule } from 'nestjs-momento';

@Module({
  imports: [
    MomentoModule.forRootAsync({
      useFactory: () => ({
        credentials: fromSecretsManager({ secretId: process.env['MOMENTO_SECRET_ID'] }),
        cacheName: 'demo-cache',
      }),
    }),
  ],
})
class AppModule {}

/** The README's set-up, run in the environment that `momento-local` prints. */
async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const cache = app.get(CacheService);
  await cache.set('greeting', 'hello');
  assert.equal(await cache.get('greeting'), 'hello');
  await app.close();
  console.log('closed');
}

void main();
