import type {
  GetSecretValueCommandOutput,
  SecretsManagerClient,
  SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import type { CredentialSource, FetchedCredential } from '../fetched/credential-source.js';
import { textOf } from '../../foundation/text/describe-error.js';
import { quoteName, showName } from '../../foundation/text/redaction.js';
import { sealContent } from '../fetched/secret-content.js';
import { checkRegion, checkSecretId, regionInvalid, regionOfArn } from './secret-id.js';
import {
  awsSdkBroken,
  awsSdkNotLoaded,
  clientWithoutRegion,
  endpointIsNoUrl,
  regionContradictsArn,
  regionContradictsClient,
  secretWithoutValue,
  toSecretsManagerFault,
} from './secrets-manager.errors.js';

/**
 * A `SecretsManagerClient` of any version of the AWS SDK. Its own type would not compile in an app that has no AWS SDK and
 * checks the types of libraries.
 */
export interface SecretsManagerClientLike {
  readonly config: { readonly region: () => Promise<string> };
  send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<object>;
  destroy(): void;
}

export interface SecretsManagerSourceOptions {
  /** Name or ARN of the secret. @default 'Momento_Auth_Token' */
  readonly secretId?: string | undefined;
  /** The AWS region. @default the ARN's, else the AWS SDK's own chain (`AWS_REGION`, profile), else `us-west-2` */
  readonly region?: string | undefined;
  /** The staging label to read. @default 'AWSCURRENT' */
  readonly versionStage?: string | undefined;
  /** The JSON field that holds the key, when it is not `apiKey`, `authToken` or `api_key`. */
  readonly field?: string | undefined;
  /** URL of Secrets Manager, for a VPC endpoint or a local server. @default AWS's own for the region */
  readonly endpoint?: string | undefined;
  /** A client of your own, used as it is: its region, credentials, retries and timeouts. It is never closed. */
  readonly client?: SecretsManagerClientLike | undefined;
}

/** Connecting to a regional endpoint takes milliseconds; what takes longer is a network that drops packets. */
const connectionTimeoutMs = 1_000;
/** One attempt; the SDK makes two. Without `throwOnRequestTimeout` the AWS SDK would only warn. */
const requestTimeoutMs = 3_000;
const maxAttempts = 2;
const documentedRegion = 'us-west-2';

/**
 * The key in AWS Secrets Manager, read with one `GetSecretValue`. The AWS SDK is an optional peer dependency, loaded when
 * the key is first needed.
 *
 * @throws MomentoConfigurationError at boot, for each reason for which the secret cannot be read
 *
 * @example
 * MomentoModule.forRoot({ credentials: fromSecretsManager({ secretId: 'prod/momento' }), cacheName: 'demo-cache' })
 */
export function fromSecretsManager(options: SecretsManagerSourceOptions = {}): CredentialSource {
  return new SecretsManagerSource(options);
}

class SecretsManagerSource implements CredentialSource {
  readonly #options: SecretsManagerSourceOptions;
  readonly #secretId: string;
  readonly #versionStage: string;
  #client: SecretsManagerClient | undefined;
  #region: string | undefined;

  constructor(options: SecretsManagerSourceOptions) {
    this.#options = options;
    this.#secretId = options.secretId ?? 'Momento_Auth_Token';
    this.#versionStage = options.versionStage ?? 'AWSCURRENT';
    this.#region = options.region ?? regionOfArn(this.#secretId);
  }

  describe(): string {
    const region = this.#region === undefined ? '' : ` in ${showName(this.#region)}`;
    const stage = this.#versionStage === 'AWSCURRENT' ? '' : ` (${showName(this.#versionStage)})`;
    return `secret ${quoteName(this.#secretId)}${region}${stage}`;
  }

  async fetch({ signal }: { signal: AbortSignal }): Promise<FetchedCredential> {
    this.#checkOptions();
    const sdk = await loadAwsSdk();
    try {
      const client = await this.#connect(sdk.SecretsManagerClient);
      const command = new sdk.GetSecretValueCommand({
        SecretId: this.#secretId,
        VersionStage: this.#versionStage,
      });
      return this.#read(await client.send(command, { abortSignal: signal }));
    } catch (error) {
      throw toSecretsManagerFault(error, this.describe());
    }
  }

  /** Ends the sockets that are kept alive; a client of the user's is left alone. */
  close(): void {
    if (this.#options.client === undefined) this.#client?.destroy();
    this.#client = undefined;
  }

  #read(answer: GetSecretValueCommandOutput): FetchedCredential {
    const content = answer.SecretString ?? answer.SecretBinary;
    if (content === undefined) throw secretWithoutValue(this.describe());
    const { field } = this.#options;
    return {
      content: sealContent(content),
      ...(field !== undefined && { field }),
      ...(answer.VersionId !== undefined && { versionId: answer.VersionId }),
    };
  }

  #checkOptions(): void {
    const { region, endpoint } = this.#options;
    checkSecretId(this.#secretId, this.#versionStage);
    if (region !== undefined) checkRegion(region);
    const arnRegion = regionOfArn(this.#secretId);
    if (arnRegion !== undefined && region !== undefined && arnRegion !== region)
      throw regionContradictsArn(this.#secretId, arnRegion, region);
    if (endpoint !== undefined && !/^https?:$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : ''))
      throw endpointIsNoUrl(this.describe());
  }

  /** Kept for the life of the source, so that the AWS credentials it resolved are not resolved at every refresh. */
  async #connect(Client: typeof SecretsManagerClient): Promise<SecretsManagerClient> {
    if (this.#client !== undefined) return this.#client;
    const own = this.#options.client as SecretsManagerClient | undefined;
    const client = own ?? (await this.#createClient(Client));
    const region = await client.config.region().catch(() => {
      throw clientWithoutRegion(this.describe());
    });
    if (this.#region !== undefined && this.#region !== region)
      throw regionContradictsClient(this.#secretId, this.#region, region);
    checkRegion(region);
    this.#region = region;
    this.#client = client;
    return client;
  }

  async #createClient(Client: typeof SecretsManagerClient): Promise<SecretsManagerClient> {
    const config: SecretsManagerClientConfig = {
      maxAttempts,
      requestHandler: {
        connectionTimeout: connectionTimeoutMs,
        requestTimeout: requestTimeoutMs,
        throwOnRequestTimeout: true,
      },
      ...(this.#options.endpoint !== undefined && { endpoint: this.#options.endpoint }),
    };
    if (this.#region !== undefined) return new Client({ ...config, region: this.#region });
    const client = new Client(config);
    // "Region is missing" is how the AWS SDK's chain ends; Momento's documented example then reads us-west-2.
    return client.config.region().then(
      () => client,
      (error: unknown) => {
        if (textOf(error, 'message')?.includes('not accepted') === true)
          throw regionInvalid('of the environment');
        return new Client({ ...config, region: documentedRegion });
      },
    );
  }
}

type AwsSdk = typeof import('@aws-sdk/client-secrets-manager');

/**
 * @internal
 * @param load replaced in a test
 */
export async function loadAwsSdk(
  load: () => Promise<object> = () => import('@aws-sdk/client-secrets-manager'),
): Promise<AwsSdk> {
  const loaded = await load().catch((error: unknown) => {
    throw awsSdkNotLoaded(error);
  });
  // Where a bundle of ES modules splits it off, the AWS SDK, which is CommonJS, has its exports under `default` alone.
  const sdk = [loaded, 'default' in loaded && loaded.default].find(isAwsSdk);
  if (sdk === undefined) throw awsSdkBroken('it has no SecretsManagerClient');
  return sdk;
}

/** A bundler may put anything in the place of a package that it leaves out. */
function isAwsSdk(value: unknown): value is AwsSdk {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['SecretsManagerClient', 'GetSecretValueCommand'].every(
      (name) => typeof Reflect.get(value, name) === 'function',
    )
  );
}
