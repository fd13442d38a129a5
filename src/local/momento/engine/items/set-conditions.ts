import { equalBytes, hashOf } from '../bytes.js';

/** Decides, by the value a key holds now (`undefined` when absent), whether a new one is stored. */
export type SetCondition = (current: Uint8Array | undefined) => boolean;

/** The conditions of the `setIf` and `setIfHash` families. Those that take bytes compare with the value, or with its hash. */
export const setConditions = {
  always: (): SetCondition => () => true,
  present: (): SetCondition => (current) => current !== undefined,
  absent: (): SetCondition => (current) => current === undefined,
  equal:
    (value: Uint8Array): SetCondition =>
    (current) =>
      current !== undefined && equalBytes(current, value),
  /** Also holds when there is no value. */
  notEqual: (value: Uint8Array) => not(setConditions.equal(value)),
  presentAndNotEqual: (value: Uint8Array) => both(setConditions.present(), setConditions.notEqual(value)),
  absentOrEqual: (value: Uint8Array) => not(setConditions.presentAndNotEqual(value)),
  hashEqual: (hash: Uint8Array) => onHash(setConditions.equal(hash)),
  presentAndNotHashEqual: (hash: Uint8Array) => onHash(setConditions.presentAndNotEqual(hash)),
  absentOrHashEqual: (hash: Uint8Array) => onHash(setConditions.absentOrEqual(hash)),
  absentOrNotHashEqual: (hash: Uint8Array) => onHash(setConditions.notEqual(hash)),
};

function not(condition: SetCondition): SetCondition {
  return (current) => !condition(current);
}

function both(left: SetCondition, right: SetCondition): SetCondition {
  return (current) => left(current) && right(current);
}

function onHash(condition: SetCondition): SetCondition {
  return (current) => condition(current && hashOf(current));
}
