import {
  Body,
  Controller,
  Header,
  Headers,
  HttpCode,
  type MessageEvent,
  Param,
  Post,
  Sse,
  UseGuards,
} from '@nestjs/common';
import { TopicService, type TopicToken, TopicTokenService } from 'nestjs-momento';
import type { Observable } from 'rxjs';
import { AccessGuard } from './access.guard.js';

@Controller('events')
export class EventsController {
  constructor(
    private readonly topics: TopicService,
    private readonly tokens: TopicTokenService,
  ) {}

  /** The topic as server-sent events: a client that comes back gets what it missed, as far as Momento holds it. */
  @Sse(':topic')
  stream(
    @Param('topic') topic: string,
    @Headers('last-event-id') lastEventId?: string,
  ): Observable<MessageEvent> {
    return this.topics.sse(topic, { lastEventId });
  }

  @Post(':topic')
  @HttpCode(202)
  async publish(@Param('topic') topic: string, @Body() event: object): Promise<void> {
    await this.topics.publish(topic, event);
  }

  /** For a browser that subscribes at Momento by itself, with Momento's web SDK: to this topic alone, for ten minutes. */
  @Post(':topic/token')
  @UseGuards(AccessGuard)
  @Header('cache-control', 'no-store')
  token(@Param('topic') topic: string): Promise<TopicToken> {
    return this.tokens.issue({ topics: [topic], permissions: 'subscribe', expiresInSeconds: 600 });
  }
}
