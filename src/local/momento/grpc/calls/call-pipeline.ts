import type {
  Metadata,
  Server,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  UntypedServiceImplementation,
  sendUnaryData,
} from '@grpc/grpc-js';
import type { ApiKeys, IssuedKey } from '../../keys/api-keys.js';
import type { DocumentedLimits } from '../../limits/documented-limits.js';
import { EngineError } from '../../engine/engine-error.js';
import type { Fault } from '../../faults/fault.js';
import type { FaultPlan } from '../../faults/fault-plan.js';
import { HeaderFaults } from '../../faults/header-faults.js';
import type { HitTally } from '../../hit-tally.js';
import type { OpenRequestRecord, RequestLog } from '../../request-log.js';
import { type CallFailure, failureFrom } from './call-failure.js';
import { demandsOf } from './demands-of.js';
import { OpenCall, type OpenCalls } from './open-calls.js';
import { cacheNameOf, describeRequest } from './request-description.js';
import { ResponseStream } from './response-stream.js';
import { KEYLESS_SERVICES, SERVICES, type RpcName, type ServiceName, rpcNameOf } from '../services.js';

/** What a handler knows of a call beside its message. */
export interface CallContext {
  /** From the message or the `cache` header; empty when neither names one. */
  readonly cacheName: string;
  /** What the key of the call calls itself; empty when it has no name. */
  readonly tokenId: string;
}

type Definition<Service extends ServiceName> = (typeof SERVICES)[Service];
type RequestOf<Method> = Method extends { requestDeserialize: (bytes: Buffer) => infer Request }
  ? Request
  : never;
type ResponseOf<Method> = Method extends { responseDeserialize: (bytes: Buffer) => infer Response }
  ? Response
  : never;

/** Handlers of the calls with one answer. A handler refuses by throwing an `EngineError`. */
export type UnaryHandlers<Service extends ServiceName> = {
  readonly [Method in keyof Definition<Service>]?: (
    request: RequestOf<Definition<Service>[Method]>,
    context: CallContext,
  ) => ResponseOf<Definition<Service>[Method]>;
};

/** Handlers of the calls that answer with a stream. A handler refuses by throwing before it writes. */
export type StreamHandlers<Service extends ServiceName> = {
  readonly [Method in keyof Definition<Service>]?: (
    request: RequestOf<Definition<Service>[Method]>,
    context: CallContext,
    stream: ResponseStream<ResponseOf<Definition<Service>[Method]>>,
  ) => void;
};

// TypeScript checks the parameters of methods both ways, so that every handler of the two maps above fits one of these. That
// is sound here: gRPC decodes the request by the definition of the very method that the handler is registered for.
interface AnyHandler {
  unary(request: object, context: CallContext): unknown;
  stream(request: object, context: CallContext, stream: ResponseStream<unknown>): void;
}
type AnyUnaryHandler = AnyHandler['unary'];
type AnyStreamHandler = AnyHandler['stream'];

export interface CallPipelineParts {
  readonly keys: ApiKeys;
  readonly faults: FaultPlan;
  readonly log: RequestLog;
  readonly openCalls: OpenCalls;
  readonly tally: HitTally;
  /** Limits beside those on sizes; none by default. */
  readonly limits?: DocumentedLimits | undefined;
  readonly now: () => number;
}

type AnyCall = ServerUnaryCall<object, unknown> | ServerWritableStream<object, unknown>;

interface ServedMethod {
  readonly service: ServiceName;
  readonly rpc: RpcName;
}

/** The way of every call: logged, authenticated, delayed or failed on demand, handled, answered. */
export class CallPipeline {
  readonly #headerFaults = new HeaderFaults();

  constructor(private readonly parts: CallPipelineParts) {}

  /** Serves a service of Momento; what has no handler answers UNIMPLEMENTED. */
  addService<Service extends ServiceName>(
    server: Server,
    service: Service,
    unary?: UnaryHandlers<Service>,
    streams?: StreamHandlers<Service>,
  ): void;
  addService(
    server: Server,
    service: ServiceName,
    unary: Readonly<Record<string, AnyUnaryHandler | undefined>> = {},
    streams: Readonly<Record<string, AnyStreamHandler | undefined>> = {},
  ): void {
    const definition: ServiceDefinition = SERVICES[service];
    const implementation: UntypedServiceImplementation = {};
    for (const [name, { responseStream }] of Object.entries(definition)) {
      const method = { service, rpc: rpcNameOf(service, name) };
      implementation[name] = responseStream
        ? this.#streaming(method, streams[name])
        : this.#unary(method, unary[name]);
    }
    server.addService(definition, implementation);
  }

  #unary(method: ServedMethod, handler: AnyUnaryHandler | undefined) {
    return (call: ServerUnaryCall<object, unknown>, reply: sendUnaryData<unknown>): void => {
      const send = (failure: CallFailure) => reply(failure);
      this.#admit(method, call, send, (open, context) => {
        const response = requireHandler(method, handler)(call.request, context);
        this.parts.tally.count(method.rpc, Object(response));
        if (open.end('OK')) {
          reply(null, response);
        }
      });
    };
  }

  #streaming(method: ServedMethod, handler: AnyStreamHandler | undefined) {
    return (call: ServerWritableStream<object, unknown>): void => {
      const send = (failure: CallFailure) => void call.emit('error', failure);
      this.#admit(method, call, send, (open, context, fault) => {
        requireHandler(method, handler)(
          call.request,
          context,
          new ResponseStream(open, call, fault?.streamFailure, (message) =>
            this.parts.tally.count(method.rpc, Object(message)),
          ),
        );
        open.opened();
      });
    };
  }

  #admit(
    method: ServedMethod,
    call: AnyCall,
    send: (failure: CallFailure) => void,
    handle: (open: OpenCall, context: CallContext, fault: Fault | undefined) => void,
  ): void {
    const { keys, limits } = this.parts;
    const { service, rpc } = method;
    const key = keys.find(authorizationOf(call.metadata));
    const cacheName = cacheNameOf(call.request, call.metadata);
    const context = { cacheName, tokenId: key?.tokenId ?? '' };
    const description = { ...describeRequest(call.request, cacheName), ...loggedKey(key) };
    const open = this.#open(rpc, cacheName, call, send, description);
    attempt(open, () => {
      if (!KEYLESS_SERVICES.has(service)) {
        keys.authorize(key, () => demandsOf(service, rpc, call.request, cacheName));
        limits?.check(service, rpc, call.request);
      }
      const fault = this.#faultOf(rpc, call.metadata);
      meet(fault, open, () => handle(open, context, fault));
    });
  }

  #open(
    rpc: RpcName,
    cacheName: string,
    call: AnyCall,
    send: (failure: CallFailure) => void,
    description: Partial<OpenRequestRecord>,
  ): OpenCall {
    const { log, openCalls, now } = this.parts;
    const record: OpenRequestRecord = { rpc, ...description, status: 'PENDING', at: new Date(now()) };
    log.add(record);
    const open = new OpenCall(record, cacheName, send);
    openCalls.add(open);
    call.on('cancelled', () =>
      open.end(isPastDeadline(call.getDeadline()) ? 'DEADLINE_EXCEEDED' : 'CANCELLED'),
    );
    return open;
  }

  #faultOf(rpc: RpcName, headers: Metadata): Fault | undefined {
    const planned = this.parts.faults.take(rpc);
    const requested = this.#headerFaults.take(rpc, headers);
    return planned === undefined ? requested : { ...requested, ...planned };
  }
}

/** Takes a step of a call; what it throws is how the call fails. */
function attempt(open: OpenCall, step: () => void): void {
  try {
    step();
  } catch (error) {
    open.fail(failureFrom(error));
  }
}

/** Lets a call go on after what the fault has in store for it, if it lets it go on at all. */
function meet(fault: Fault | undefined, open: OpenCall, goOn: () => void): void {
  const proceed = () => {
    if (fault?.failure !== undefined) {
      open.fail(fault.failure);
    } else if (fault?.hang !== true) {
      attempt(open, goOn);
    }
  };
  if (fault?.delayMs === undefined) {
    proceed();
  } else {
    open.after(fault.delayMs, proceed);
  }
}

function loggedKey(key: IssuedKey | undefined): Pick<OpenRequestRecord, 'keyId' | 'keyVersion'> {
  return key === undefined ? {} : { keyId: key.id, keyVersion: key.version };
}

function requireHandler<Handler>(method: ServedMethod, handler: Handler | undefined): Handler {
  if (handler === undefined) {
    throw new EngineError('unimplemented', `MomentoLocal does not implement ${method.rpc}`);
  }
  return handler;
}

function authorizationOf(headers: Metadata): string {
  return headers.get('authorization')[0]?.toString() ?? '';
}

function isPastDeadline(deadline: Date | number): boolean {
  return Date.now() >= Number(deadline);
}
