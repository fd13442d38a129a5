import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { CacheService, MomentoCredentials } from 'nestjs-momento';

@Controller('health')
export class HealthController {
  constructor(
    private readonly cache: CacheService,
    private readonly credentials: MomentoCredentials,
  ) {}

  /** Asks the cache for a key, whether it is there or not; 503 when no answer can be had. */
  @Get()
  async check() {
    const credentials = this.credentials.status();
    try {
      await this.cache.has('health');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ServiceUnavailableException({ status: 'error', reason, credentials });
    }
    return { status: 'ok', credentials };
  }
}
