/** What an account may do, in the units in which the service lists it with each cache. */
export interface AccountLimits {
  readonly operationsPerSecond: number;
  readonly throughputKbps: number;
  readonly ttlSeconds: number;
  readonly publishesPerSecond: number;
  readonly subscriptions: number;
  readonly messageKb: number;
}

/** The quotas of an account without a support plan, as the documentation has them. */
export const DOCUMENTED_ACCOUNT: AccountLimits = {
  operationsPerSecond: 100,
  throughputKbps: 1_024,
  ttlSeconds: 24 * 60 * 60,
  publishesPerSecond: 10,
  subscriptions: 100,
  messageKb: 4,
};

/** The quotas of the account that the SDK's own tests run on. Listed where no rate is enforced: 0 would mean that nothing is allowed. */
export const TEST_ACCOUNT: AccountLimits = {
  operationsPerSecond: 500,
  throughputKbps: 10_240,
  ttlSeconds: 24 * 60 * 60,
  publishesPerSecond: 100,
  subscriptions: 100,
  messageKb: 100,
};
