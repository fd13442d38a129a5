import { readFile } from 'node:fs/promises';
import { Controller, Get, Header } from '@nestjs/common';

/** Beside this file, in `dist` as well: `nest build` copies what nest-cli.json lists. */
const read = (name: string) => readFile(new URL(name, import.meta.url), 'utf8');

/** Nothing from elsewhere, nothing written into the page, and in no frame: a published message has no way to become a script. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Shows messages of a topic as they are published; `?topic=` says which, by default `news`. */
@Controller('events/page')
export class PageController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', policy)
  @Header('x-content-type-options', 'nosniff')
  page(): Promise<string> {
    return read('page.html');
  }

  @Get('page.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('x-content-type-options', 'nosniff')
  script(): Promise<string> {
    return read('page.js');
  }

  @Get('page.css')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('x-content-type-options', 'nosniff')
  style(): Promise<string> {
    return read('page.css');
  }
}
