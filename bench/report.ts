/** What a line must hold. */
export type Hold = { readonly atMost: number } | { readonly atLeast: number } | { readonly exactly: number };

interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Measures things by turns, in no order, so that what the machine does meanwhile, and what one leaves to the next, meets all of them. */
export async function interleave<const Names extends string>(
  rounds: number,
  measures: Readonly<Record<Names, () => Promise<number>>>,
): Promise<Record<Names, number>[]> {
  const results: Record<Names, number>[] = [];
  const entries = Object.entries<() => Promise<number>>(measures);
  for (let round = 0; round < rounds; round += 1) {
    const result: Record<string, number> = {};
    const order = entries.map((entry) => ({ entry, at: Math.random() })).toSorted((a, b) => a.at - b.at);
    for (const { entry } of order) result[entry[0]] = await entry[1]();
    results.push(result);
  }
  return results;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
  return { median: at(0.5), lowest: at(0), highest: at(1) };
}

/** Prints a line a measure: what, how much, what it has to hold, and whether it does. */
export class Report {
  #broken = 0;

  /** The median of several rounds, with its spread. */
  rounds(what: string, values: readonly number[], hold?: Hold): void {
    const { median, lowest, highest } = spreadOf(values);
    this.#print(
      what,
      median,
      `${rounded(lowest)} – ${rounded(highest)}, ${values.length} rounds`,
      hold,
      median,
    );
  }

  /** What was counted. */
  count(what: string, value: number, hold?: Hold): void {
    this.#print(what, value, '', hold, value);
  }

  /** @returns whether every line holds */
  end(): boolean {
    console.log(this.#broken === 0 ? '\nevery line holds' : `\n${this.#broken} lines do not hold`);
    return this.#broken === 0;
  }

  #print(what: string, value: number, spread: string, hold: Hold | undefined, compared: number): void {
    const verdict =
      hold === undefined ? '' : `hold ${describe(hold)}: ${holds(hold, compared) ? 'met' : 'NOT MET'}`;
    if (hold !== undefined && !holds(hold, compared)) this.#broken += 1;
    console.log(
      `${what.padEnd(66)} ${rounded(value).padStart(10)}  ${spread.padEnd(28)} ${verdict}`.trimEnd(),
    );
  }
}

function holds(hold: Hold, value: number): boolean {
  if ('atMost' in hold) return value <= hold.atMost;
  return 'atLeast' in hold ? value >= hold.atLeast : value === hold.exactly;
}

function describe(hold: Hold): string {
  if ('atMost' in hold) return `≤ ${hold.atMost}`;
  return 'atLeast' in hold ? `≥ ${hold.atLeast}` : String(hold.exactly);
}

function rounded(value: number): string {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 1000) / 1000);
}
