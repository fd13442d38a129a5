import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { OnTopic, type TopicMessageContext } from 'nestjs-momento';
import { map } from 'rxjs';

export interface Order {
  readonly id: number;
}

@Injectable()
class Guard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getArgByIndex<Order>(0).id > 0;
  }
}

@Injectable()
class Pipe implements PipeTransform {
  transform(value: unknown): unknown {
    return value;
  }
}

@Injectable()
class Interceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((result: unknown) => result));
  }
}

@Catch()
@Injectable()
class Filter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    host.getType();
  }
}

/** Two handlers that do next to nothing: what they cost is what stands around them. */
@Injectable()
export class Handlers {
  /** The sum of what was heard. */
  heard = 0;

  @OnTopic('bare')
  async bare(order: Order, _context: TopicMessageContext): Promise<void> {
    this.heard += order.id;
  }

  @OnTopic('surrounded')
  @UseGuards(Guard)
  @UseInterceptors(Interceptor)
  @UsePipes(Pipe)
  @UseFilters(Filter)
  async surrounded(order: Order, _context: TopicMessageContext): Promise<void> {
    this.heard += order.id;
  }
}
