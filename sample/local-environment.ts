import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { cacheName } from './cache-name.js';

const secretId = 'Momento_Auth_Token';

/** Secrets Manager and Momento inside this process, for running the app without accounts. They end with the process. */
export class LocalEnvironment {
  private constructor(
    readonly secrets: SecretsManagerLocal,
    readonly momento: MomentoLocal,
  ) {}

  /**
   * Starts both, with a key in the one that the other accepts.
   *
   * @param now the clock that Momento goes by, in milliseconds since 1970
   */
  static async start(now = Date.now): Promise<LocalEnvironment> {
    const momento = await MomentoLocal.start({ caches: [cacheName], now });
    const secrets = await SecretsManagerLocal.start();
    secrets.putSecret(secretId, momento.issueApiKey());
    return new LocalEnvironment(secrets, momento);
  }

  /** The environment that leads the app to them. */
  get variables() {
    return {
      MOMENTO_SECRET_ID: secretId,
      MOMENTO_ENDPOINT: this.momento.endpoints.cacheEndpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: this.secrets.endpoint,
      AWS_REGION: 'us-west-2',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      // A profile would win over these two.
      AWS_PROFILE: '',
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.secrets.stop(), this.momento.stop()]);
  }
}
