import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import { limited } from './guarded-app.fixture.js';

/** One of several processes of an app: it is asked as often as it is told, at once, and says how often it answered. */
const [port = '', requests = '', limit = ''] = process.argv.slice(2);

@Module({
  imports: [
    MomentoModule.forRoot({
      credentials: fromMomentoLocal({ port: Number(port) }),
      cacheName: 'demo-cache',
    }),
    // Patient, since a busy machine must not let pass what is counted late.
    limited([{ ttl: 600_000, limit: Number(limit) }], { timeoutSeconds: 10 }),
  ],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
const statuses = await Promise.all(
  Array.from({ length: Number(requests) }, async () => (await fetch(url)).status),
);
const passed = statuses.filter((status) => status === 200).length;
const refused = statuses.filter((status) => status === 429).length;
console.log(JSON.stringify({ passed, refused }));
await app.close();
