/** A place in a topic, as `TopicMessage.cursor` has it in one text. */
export interface Place {
  readonly page: number;
  readonly number: number;
}

/** One thing that a listener was told. */
export type Told =
  | { readonly kind: 'item'; readonly at: Place }
  | {
      readonly kind: 'gap';
      readonly from: Place;
      readonly to: Place;
      readonly missed?: number | undefined;
    };

/** What a listener may and must be told. Messages are counted from 1, over all pages. */
export interface Claim {
  /** Where it asked to begin behind. */
  readonly after?: Place | undefined;
  /** Without `after`: none of the first so many may come. */
  readonly notBefore: number;
  /** All behind the first so many must come, or be in a gap. */
  readonly allBehind: number;
  /** How far it must have come at the end; undefined when it has left before. */
  readonly upTo: number | undefined;
}

/** What was published to a topic, in its order, whatever pages it had. */
export class Published {
  readonly #pages: { readonly page: number; readonly base: number; size: number }[] = [];

  get count(): number {
    return this.#pages.reduce((sum, { size }) => sum + size, 0);
  }

  get page(): number {
    return this.#pages.at(-1)?.page ?? 0;
  }

  /** The topic begins anew. */
  begin(page: number): void {
    this.#pages.push({ page, base: this.count, size: 0 });
  }

  add(): Place {
    const last = this.#pages.at(-1);
    if (last === undefined) throw new Error('no page has begun');
    last.size += 1;
    return { page: last.page, number: last.size };
  }

  /** Where the message with this count stands. */
  placeOf(count: number): Place | undefined {
    const found = this.#pages.findLast(({ base }) => base < count);
    if (found === undefined || count > found.base + found.size) return undefined;
    return { page: found.page, number: count - found.base };
  }

  /** How many messages there are up to this place; undefined when there is no such place. */
  countAt({ page, number }: Place): number | undefined {
    const found = this.#pages.find((one) => one.page === page);
    return found === undefined || number < 0 || number > found.size ? undefined : found.base + number;
  }

  /**
   * What is wrong with what a listener was told: each message comes once and in its order, and what does not come is told as
   * one gap, of exactly that.
   */
  faultsOf(told: readonly Told[], claim: Claim): string[] {
    const faults: string[] = [];
    const { after, notBefore, allBehind, upTo } = claim;
    /** After a place that there never was, a gap says where it begins. */
    const isMadeUp = after !== undefined && this.countAt(after) === undefined;
    let at = after && this.countAt(after);
    for (const one of told) {
      const next = this.countAt(one.kind === 'item' ? one.at : one.to);
      const note = (fault: string) => faults.push(`${textOf(one)}: ${fault}`);
      if (next === undefined) {
        note('there is no such place');
        continue;
      }
      if (at === undefined) {
        if (isMadeUp && one.kind === 'item') note('a message before the gap that says where it begins');
        if (isMadeUp && one.kind === 'gap' && !isSame(one.from, after)) note('not the place it came with');
        if (!isMadeUp && one.kind === 'item' && next <= notBefore) note('from before it listened');
        if (one.kind === 'item' && next > allBehind + 1) note(`${next - 1 - allBehind} lost before it`);
        // Where it begins may be another listener's word.
        if (one.kind === 'gap' && !isMadeUp && (this.countAt(one.from) ?? 0) > allBehind)
          note('the gap begins too late');
      } else if (one.kind === 'item') {
        if (next <= at) note('twice, or out of order');
        if (next > at + 1) note(`${next - 1 - at} lost before it`);
      } else {
        if (this.countAt(one.from) !== at) note(`the gap does not begin at the last message, ${at}`);
        if (next < at) note('the gap goes back');
      }
      if (one.kind === 'gap') faults.push(...this.#faultsOfGap(one));
      at = next;
    }
    if (upTo !== undefined && (at ?? allBehind) < upTo)
      faults.push(`told up to ${at ?? 'nothing'} of ${upTo}`);
    return faults;
  }

  #faultsOfGap(gap: Told & { readonly kind: 'gap' }): string[] {
    const { from, to, missed } = gap;
    if (this.countAt(from) === undefined || from.page !== to.page)
      return missed === undefined ? [] : [`${textOf(gap)}: how many is not known`];
    return missed === to.number - from.number && missed > 0 ? [] : [`${textOf(gap)}: the number is wrong`];
  }
}

function isSame(one: Place, other: Place): boolean {
  return one.page === other.page && one.number === other.number;
}

function textOf(told: Told): string {
  if (told.kind === 'item') return `message ${placeText(told.at)}`;
  return `gap ${placeText(told.from)} to ${placeText(told.to)} (${told.missed ?? 'unknown'})`;
}

function placeText({ page, number }: Place): string {
  return `${page}:${number}`;
}
