import { afterEach, beforeEach, vi } from 'vitest';

/** What the AWS SDK reads, set so that only the test decides: no profile, no instance metadata, no region. */
const isolated: Readonly<Record<string, string | undefined>> = {
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_SESSION_TOKEN: undefined,
  AWS_REGION: undefined,
  AWS_DEFAULT_REGION: undefined,
  AWS_PROFILE: undefined,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
  AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
  AWS_ENDPOINT_URL: undefined,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: undefined,
  MOMENTO_API_KEY: undefined,
  MOMENTO_ENDPOINT: undefined,
  grpc_proxy: undefined,
  https_proxy: undefined,
  http_proxy: undefined,
};

export const stubEnvironment = (variables: Readonly<Record<string, string | undefined>>): void => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
};

/** Isolates each test from the machine's AWS and Momento settings; they are restored afterwards. */
export function useIsolatedEnvironment(): void {
  beforeEach(() => stubEnvironment(isolated));
  afterEach(() => {
    vi.unstubAllEnvs();
  });
}

export const withoutAwsCredentials = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
