/** Why the engine refused a request; the gRPC layer maps each reason to a status. */
export type EngineErrorReason =
  | 'cache-not-found'
  | 'cache-already-exists'
  | 'webhook-not-found'
  | 'invalid-argument'
  | 'unauthenticated'
  | 'permission-denied'
  | 'failed-precondition'
  | 'size-limit-exceeded'
  | 'element-size-limit-exceeded'
  | 'operations-limit-exceeded'
  | 'subscriptions-limit-exceeded'
  | 'cache-limit-exceeded'
  | 'unimplemented';

/** A request that the service would refuse, in words a caller of the SDK sees. */
export class EngineError extends Error {
  override readonly name = 'EngineError';

  constructor(
    readonly reason: EngineErrorReason,
    message: string,
  ) {
    super(message);
  }
}
