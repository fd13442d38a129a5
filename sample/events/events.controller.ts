import { Body, Controller, HttpCode, type MessageEvent, Param, Post, Sse } from '@nestjs/common';
import { TopicService } from 'nestjs-momento';
import { Observable } from 'rxjs';

@Controller('events')
export class EventsController {
  constructor(private readonly topics: TopicService) {}

  /** The topic as server-sent events: one subscription a client, ended when the client goes. */
  @Sse(':topic')
  stream(@Param('topic') topic: string): Observable<MessageEvent> {
    return new Observable((client) => {
      const subscribed = this.topics.subscribe<object>(topic, ({ value, sequenceNumber }) =>
        client.next({ id: String(sequenceNumber), data: value }),
      );
      subscribed.catch((error: unknown) => client.error(error));
      return () => void subscribed.then((subscription) => subscription.unsubscribe()).catch(() => undefined);
    });
  }

  @Post(':topic')
  @HttpCode(202)
  async publish(@Param('topic') topic: string, @Body() event: object): Promise<void> {
    await this.topics.publish(topic, event);
  }
}
