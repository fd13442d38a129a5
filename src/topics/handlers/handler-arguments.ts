import type { PipeTransform, Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { TopicMessage as Message } from '../definitions/topic.options.js';

/** A message, as handlers of `subscribe()` and observers get it. */
export type TopicMessage<T> = Message<T>;

/** Nest gives pipes this number's kind of argument as `body`, which `ValidationPipe` looks at. */
const payloadType = 3;
/** None of Nest's: `custom` for pipes. */
const contextType = 100;

/** Of the arguments of handlers, under a key of their own: what nothing is said of gets the payload and the context. */
export const argumentsKey = 'nestjs-momento:handler-arguments';

interface Argument {
  readonly index: number;
  readonly pipes: readonly (Type<PipeTransform> | PipeTransform)[];
}
type Arguments = Readonly<Record<string, Argument>>;

/**
 * The value of the message, or the gap, in a parameter of a handler, behind these pipes. The first parameter needs it only for its
 * pipes, or when another decorator would take its place.
 */
export const TopicMessage = (
  ...pipes: readonly (Type<PipeTransform> | PipeTransform)[]
): ParameterDecorator => argument(payloadType, pipes);

/** The `TopicMessageContext` of the message in a parameter of a handler: topic, cursor, publisher; of a gap, the gap. */
export const TopicContext = (): ParameterDecorator => argument(contextType, []);

/** What the arguments are made of. */
export const argumentsFactory = {
  exchangeKeyForValue: (type: number, _data: unknown, args: readonly unknown[]): unknown =>
    type === payloadType ? args[0] : args[1],
};

/** Notes the arguments of a handler, those that nothing is said of too. */
export function describeArguments(constructor: object, methodName: string | symbol): void {
  const said = argumentsOf(constructor, methodName);
  const isSaid = (index: number) => Object.values(said).some((one) => one.index === index);
  const described: Record<string, Argument> = { ...said };
  const isTaken = (type: number) => Object.keys(described).some((key) => key.startsWith(`${type}:`));
  for (const index of [0, 1]) {
    const type = isTaken(payloadType) ? contextType : payloadType;
    if (!isSaid(index)) described[`${type}:${index}`] = { index, pipes: [] };
  }
  Reflect.defineMetadata(argumentsKey, described, constructor, methodName);
}

/** Whether something is said of its arguments. */
export function hasArguments(constructor: object, methodName: string | symbol): boolean {
  return Object.keys(argumentsOf(constructor, methodName)).length > 0;
}

function argument(type: number, pipes: Argument['pipes']): ParameterDecorator {
  return (target, methodName, index) => {
    if (methodName === undefined) return;
    const { constructor } = target;
    const described = { ...argumentsOf(constructor, methodName), [`${type}:${index}`]: { index, pipes } };
    // Nest's own key: so it makes the pipes, and decorators of `createParamDecorator` stand beside these.
    Reflect.defineMetadata(ROUTE_ARGS_METADATA, described, constructor, methodName);
  };
}

function argumentsOf(constructor: object, methodName: string | symbol): Arguments {
  return (Reflect.getMetadata(ROUTE_ARGS_METADATA, constructor, methodName) as Arguments | undefined) ?? {};
}
