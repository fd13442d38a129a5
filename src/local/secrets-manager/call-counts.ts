interface OperationCounts {
  total: number;
  readonly bySecret: Map<string, number>;
}

/** Whoever sends requests chooses the names in them: so many operations, and operations on a secret, are told apart. */
const MAX_OPERATIONS = 100;
const MAX_SECRETS = 10_000;

/** How many requests there were: in all exactly; by operation and secret as far as the first 10,000 of them go. */
export class CallCounts {
  readonly #operations = new Map<string, OperationCounts>();
  #total = 0;
  #secretCount = 0;

  add(operation: string, secretId: string): void {
    this.#total += 1;
    const counts = this.#operations.get(operation) ?? this.#newOperation(operation);
    if (counts === undefined) return;
    counts.total += 1;
    const count = counts.bySecret.get(secretId);
    if (count === undefined && this.#secretCount >= MAX_SECRETS) return;
    if (count === undefined) this.#secretCount += 1;
    counts.bySecret.set(secretId, (count ?? 0) + 1);
  }

  count(operation?: string, secretId?: string): number {
    if (operation === undefined && secretId === undefined) return this.#total;
    const counted =
      operation === undefined ? [...this.#operations.values()] : [this.#operations.get(operation)];
    return counted.reduce(
      (sum, counts) => sum + ((secretId === undefined ? counts?.total : counts?.bySecret.get(secretId)) ?? 0),
      0,
    );
  }

  #newOperation(operation: string): OperationCounts | undefined {
    if (this.#operations.size >= MAX_OPERATIONS) return undefined;
    const counts = { total: 0, bySecret: new Map<string, number>() };
    this.#operations.set(operation, counts);
    return counts;
  }
}
