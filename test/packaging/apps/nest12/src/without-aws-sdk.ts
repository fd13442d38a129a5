import 'reflect-metadata';
import assert from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
import { MomentoConfigurationError } from 'nestjs-momento';
import { AppModule } from './app.module.js';

/** Run where the AWS SDK is not installed: the boot fails, and says which package to install. */
async function main(): Promise<void> {
  await assert.rejects(NestFactory.create(AppModule, { logger: false, abortOnError: false }), (error) => {
    assert.ok(error instanceof MomentoConfigurationError);
    assert.equal(error.code, 'aws-sdk-missing');
    assert.match(error.message, /npm install @aws-sdk\/client-secrets-manager/);
    return true;
  });
  console.log('closed');
}

void main();
