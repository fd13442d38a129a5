import assert from 'node:assert/strict';
import {
  type ArgumentMetadata,
  type ArgumentsHost,
  BadRequestException,
  Catch,
  type ExceptionFilter,
  Injectable,
  type PipeTransform,
  UseFilters,
  UsePipes,
} from '@nestjs/common';
import {
  defineTopic,
  MomentoMessageError,
  OnTopic,
  type StandardSchema,
  type TopicMessageContext,
  TopicService,
} from 'nestjs-momento';
import { type Checks, withApp } from './running-app.js';
import { Journal, orders, settled } from './topic-fixture.js';

class OrderInput {
  id = 0;
}

/** As `ValidationPipe` does it, which needs packages of its own: by the class of the parameter. */
@Injectable()
class Validating implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    if (metatype !== OrderInput || type !== 'body') return value;
    const { id } = Object(value) as { readonly id?: unknown };
    if (typeof id !== 'number') throw new BadRequestException('no id');
    return Object.assign(new OrderInput(), { id });
  }
}

@Injectable()
class Orders {
  constructor(readonly journal: Journal) {}

  @UsePipes(Validating)
  @OnTopic(orders)
  order(order: OrderInput): void {
    this.journal.lines.push([order instanceof OrderInput, order.id]);
  }
}

const numberSchema: StandardSchema<unknown, number> = {
  '~standard': {
    version: 1,
    vendor: 'checks',
    validate: (value) => (typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] }),
  },
};
const numbers = defineTopic('numbers', { schema: numberSchema });

export const topicValueChecks: Checks = {
  'a pipe validates by the class of the parameter': (framework) =>
    withApp(framework, { providers: [Journal, Orders] }, async ({ app, logged }) => {
      await app.get(TopicService).publishMany(orders.name, [{ id: 1 }, { id: 'x' }]);
      const { handled, failed } = await settled(app, 2);
      assert.deepEqual([handled, failed], [1, 1]);
      assert.deepEqual(app.get(Journal).lines, [[true, 1]]);
      assert.match(logged.join('\n'), /no id/);
    }),

  'a message that cannot be read goes to the filter': (framework) => {
    const caught: unknown[] = [];
    @Catch(MomentoMessageError)
    class Unreadable implements ExceptionFilter {
      catch(error: unknown, host: ArgumentsHost): void {
        assert.ok(error instanceof MomentoMessageError);
        caught.push([error.cursor, host.getArgByIndex<TopicMessageContext>(1).cursor, host.getArgByIndex(0)]);
      }
    }
    @Injectable()
    class Numbers {
      constructor(readonly journal: Journal) {}
      @OnTopic(numbers)
      @UseFilters(Unreadable)
      hear(value: number): void {
        this.journal.lines.push(value);
      }
    }
    return withApp(framework, { providers: [Journal, Numbers] }, async ({ app, logged }) => {
      await app.get(TopicService).publishMany('numbers', [1, 'a secret', 2]);
      assert.deepEqual(await settled(app, 3), { handled: 2, failed: 0, unreadable: 1, dropped: 0 });
      assert.deepEqual(app.get(Journal).lines, [1, 2]);
      const [[ofError, ofContext, value] = []] = caught as unknown[][];
      assert.match(String(ofError), /^\d+:2$/);
      assert.deepEqual([ofContext, value], [ofError, undefined]);
      assert.match(logged.join('\n'), /^Message \d+:2 of topic 'numbers' cannot be read/);
      assert.ok(!logged.join('\n').includes('secret'));
    });
  },
};
