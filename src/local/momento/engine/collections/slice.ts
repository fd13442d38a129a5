/** A part of a sequence as `Array.prototype.slice` takes it: negative numbers count from the end, absent ones do not bound. */
export interface Slice {
  readonly start: number | undefined;
  readonly end: number | undefined;
}
