import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  Logger,
  UnauthorizedException,
} from '@nestjs/common';

interface GuardedRequest {
  readonly headers: { readonly authorization?: string | undefined };
}

/**
 * Stands for what an app knows of its users: one code for all, from the environment, and nobody comes in without it. There is none by
 * default.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #logger = new Logger('AccessGuard');

  canActivate(context: ExecutionContext): boolean {
    const code = process.env['SAMPLE_ACCESS_CODE'] ?? '';
    const { authorization = '' } = context.switchToHttp().getRequest<GuardedRequest>().headers;
    if (code === '') this.#logger.warn('Nobody gets a token: SAMPLE_ACCESS_CODE is not set.');
    else if (isSame(authorization, `Bearer ${code}`)) return true;
    throw new UnauthorizedException('Send the access code of the sample: authorization: Bearer <code>');
  }
}

/** Takes as long whatever differs. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
