import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { MomentoErrorCode } from '@gomomento/sdk';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import * as main from 'nestjs-momento';
import * as local from 'nestjs-momento/local';
import * as testing from 'nestjs-momento/testing';
import { FeatureModule, FeatureService, required } from './feature.cjs';

@Module({ imports: [testing.MomentoTestingModule.forRoot(), FeatureModule] })
class AppModule {}

/** An ESM app and a CommonJS feature library have the same classes, so that what one provides is injected into the other. */
async function run(): Promise<void> {
  for (const [entry, imported] of Object.entries({ main, local, testing })) {
    const other: Record<string, unknown> = required[entry as keyof typeof required];
    assert.ok(Object.keys(imported).length > 0);
    for (const [name, value] of Object.entries(imported))
      assert.equal(other[name], value, `${entry}: ${name}`);
  }
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  await app.get(FeatureService).remember('Ada');
  assert.deepEqual(await app.get(main.CacheService).get('feature'), { name: 'Ada' });
  await app.close();

  checkErrors();
  console.log('closed');
}

/** Jest and older loaders have the other build in the same process. */
function checkErrors(): void {
  const require = createRequire(import.meta.url);
  const other: typeof main = require(
    require.resolve('nestjs-momento/package.json').replace('package.json', 'dist/cjs/index.js'),
  );
  assert.notEqual(other.MomentoCacheError, main.MomentoCacheError);
  const operation = { name: 'get', cacheName: 'demo-cache' };
  const [own, foreign] = [main, other].map(
    ({ MomentoCacheError }) => new MomentoCacheError(operation, MomentoErrorCode.TIMEOUT_ERROR, 'too late'),
  );
  for (const { MomentoError, MomentoCacheError, MomentoTopicError } of [main, other]) {
    for (const error of [own, foreign]) {
      assert.ok(error instanceof MomentoError);
      assert.ok(error instanceof MomentoCacheError);
      assert.ok(!(error instanceof MomentoTopicError));
    }
  }
}

void run();
