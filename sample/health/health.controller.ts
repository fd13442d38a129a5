import { Controller, Get, Logger, ServiceUnavailableException } from '@nestjs/common';
import { CacheService, MomentoCredentials } from 'nestjs-momento';

@Controller('health')
export class HealthController {
  readonly #logger = new Logger('Health');

  constructor(
    private readonly cache: CacheService,
    private readonly credentials: MomentoCredentials,
  ) {}

  /**
   * Asks the cache for a key, whether it is there or not; 503 when it does not answer. Everybody may ask, so where the key
   * comes from and what went wrong are for the log alone.
   */
  @Get()
  async check() {
    const { generation, ageSeconds } = this.credentials.status();
    const key = { generation, ageSeconds };
    try {
      await this.cache.has('health');
    } catch (error) {
      this.#logger.warn(error instanceof Error ? error.message : 'The cache does not answer.');
      throw new ServiceUnavailableException({ status: 'error', key });
    }
    return { status: 'ok', key };
  }
}
