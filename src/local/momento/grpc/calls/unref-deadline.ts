import { type ServerInterceptingCallInterface, ServerInterceptingCall } from '@grpc/grpc-js';

/**
 * A server interceptor: the deadline of a call holds no process. grpc-js keeps it in a timer that does, for an hour with a
 * subscription whose client allows it that, and hands the timer to nobody; without the field all else works as before.
 */
export function unrefDeadline(
  _method: object,
  call: ServerInterceptingCallInterface,
): ServerInterceptingCall {
  const timer: unknown = Reflect.get(call, 'deadlineTimer');
  if (timer instanceof Object && 'unref' in timer && typeof timer.unref === 'function') {
    timer.unref();
  }
  return new ServerInterceptingCall(call);
}
