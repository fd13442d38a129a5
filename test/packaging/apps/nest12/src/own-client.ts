import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { fromSecretsManager } from 'nestjs-momento';

/** Compiled only: which clients the option takes. */
export const taken = fromSecretsManager({ client: new SecretsManagerClient({ region: 'eu-west-1' }) });
// @ts-expect-error a configuration is no client
export const refused = fromSecretsManager({ client: { region: 'eu-west-1' } });
