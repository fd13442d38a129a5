import { INestApplication } from '@nestjs/common';
import { Test, TestingModuleBuilder } from '@nestjs/testing';
import { CacheService } from 'nestjs-momento';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { overrideMomento } from 'nestjs-momento/testing';
import { AppModule, UsersService } from '../src/app.module';

describe('users', () => {
  let app: INestApplication | undefined;
  let secrets: SecretsManagerLocal;
  let momento: MomentoLocal;

  async function start(builder: TestingModuleBuilder): Promise<INestApplication> {
    app = (await builder.compile()).createNestApplication({ logger: ['error', 'warn'] });
    return app.listen(0, '127.0.0.1').then(() => app!);
  }

  async function findUser(running: INestApplication): Promise<unknown> {
    return (await fetch(`${await running.getUrl()}/users/1`)).json();
  }

  beforeAll(async () => {
    secrets = await SecretsManagerLocal.start({ port: 0 });
    momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
    secrets.putSecret('app/momento', momento.issueApiKey());
    process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = secrets.endpoint;
    process.env.MOMENTO_ENDPOINT = `${momento.hostname}:${momento.port}`;
  });

  afterEach(() => app?.close());

  afterAll(async () => {
    await momento.stop();
    await secrets.stop();
  });

  it('are cached without a secret, with overrideMomento', async () => {
    const running = await start(overrideMomento(Test.createTestingModule({ imports: [AppModule] })));
    expect(await findUser(running)).toEqual({ id: '1', name: 'Ada' });
    expect(await findUser(running)).toEqual({ id: '1', name: 'Ada' });
    expect(running.get(UsersService).loads).toBe(1);
    expect(secrets.calls).toHaveLength(0);
    expect(momento.requests).toHaveLength(0);
  });

  it('are cached with a key from Secrets Manager', async () => {
    const running = await start(Test.createTestingModule({ imports: [AppModule] }));
    expect(await findUser(running)).toEqual({ id: '1', name: 'Ada' });
    expect(await findUser(running)).toEqual({ id: '1', name: 'Ada' });
    expect(running.get(UsersService).loads).toBe(1);
    expect(await running.get(CacheService).get('user:1')).toEqual({ id: '1', name: 'Ada' });
    expect(secrets.calls).toHaveLength(1);
  });
});
