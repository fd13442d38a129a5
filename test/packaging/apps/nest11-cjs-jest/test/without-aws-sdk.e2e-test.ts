import { Test } from '@nestjs/testing';
import { MomentoConfigurationError } from 'nestjs-momento';
import { AppModule } from '../src/app.module';

/** Run where the AWS SDK is not installed. */
describe('without the AWS SDK', () => {
  it('the boot fails, and says which package to install', async () => {
    const boot = Test.createTestingModule({ imports: [AppModule] }).compile();
    await expect(boot).rejects.toBeInstanceOf(MomentoConfigurationError);
    await expect(boot).rejects.toMatchObject({
      code: 'aws-sdk-missing',
      message: expect.stringContaining('npm install @aws-sdk/client-secrets-manager'),
    });
  });
});
