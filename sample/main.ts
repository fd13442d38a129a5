import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { LocalEnvironment } from './local-environment.js';

const local = process.env['MOMENTO_SECRET_ID'] === undefined ? await LocalEnvironment.start() : undefined;
Object.assign(process.env, local?.variables);

/** Who asks for a token shows this code: another one at each start, unless the environment has one. */
const madeUpCode = process.env['SAMPLE_ACCESS_CODE'] ? undefined : randomUUID();
if (madeUpCode !== undefined) process.env['SAMPLE_ACCESS_CODE'] = madeUpCode;

const app = await NestFactory.create(AppModule, {
  logger: ['fatal', 'error', 'warn', 'log'],
  // Open event streams would otherwise hold the process at shutdown.
  forceCloseConnections: true,
});
app.enableShutdownHooks();

/** This machine alone: nobody has to log in to read and write. */
const host = '127.0.0.1';
const port = Number(process.env['PORT'] || 3000);
try {
  await app.listen(port, host);
  const { port: listening } = new URL(await app.getUrl());
  announce(`http://${host}:${listening}`);
} catch (error) {
  new Logger('Sample').error(
    `Cannot listen on port ${port}; set PORT to a free one. ${error instanceof Error ? error.message : String(error)}`,
  );
  await app.close();
  await local?.stop();
  process.exitCode = 1;
}

function announce(url: string): void {
  const servers = local === undefined ? 'AWS Secrets Manager and Momento' : 'embedded servers';
  console.log(`
The sample listens on ${url}, on ${servers}.

  curl -i ${url}/items/1                    run it twice: MISS after 200 ms, then HIT
  curl -N ${url}/events/news                stays open and prints what is published
  curl -d text=hello ${url}/events/news     publishes, from another terminal
  curl -X POST -H "authorization: Bearer ${madeUpCode ?? '$SAMPLE_ACCESS_CODE'}" ${url}/events/news/token
                                            a token for a browser that subscribes at Momento by itself

The same in a browser: ${url}/events/page
`);
}
