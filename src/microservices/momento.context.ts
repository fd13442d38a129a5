import { BaseRpcContext } from '@nestjs/microservices';
import type { TopicMessageContext } from '../topics/definitions/topic.options.js';

/** What `PacketMetadata` is in Nest 12. */
type Metadata = Readonly<Record<string, string>>;

/** What is known of a packet beside its data: `@Ctx() context: MomentoContext`. */
export class MomentoContext extends BaseRpcContext<[TopicMessageContext, string, Metadata | undefined]> {
  /** Where the packet stands in its topic, and whom it is from. */
  getMessage(): TopicMessageContext {
    return this.args[0];
  }

  /** The topic that it came by. */
  getTopic(): string {
    return this.args[0].topic;
  }

  /** The pattern of the handler, as Nest normalizes it. */
  getPattern(): string {
    return this.args[1];
  }

  /** What the client attached to it, in Nest 12 by `setOnDispatchHook`. */
  getMetadata(): Metadata | undefined {
    return this.args[2];
  }
}
