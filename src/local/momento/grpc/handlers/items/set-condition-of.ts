import type { cache } from '@gomomento/generated-types';
import { EngineError } from '../../../engine/engine-error.js';
import { type SetCondition, setConditions } from '../../../engine/items/set-conditions.js';

type SetIfRequest = cache.cache_client._SetIfRequest;
type SetIfHashRequest = cache.cache_client._SetIfHashRequest;
type Conditions<Request extends { readonly condition: string }> = Readonly<
  Record<Exclude<Request['condition'], 'none'>, (request: Request) => SetCondition>
>;

const SET_IF: Conditions<SetIfRequest> = {
  present: () => setConditions.present(),
  absent: () => setConditions.absent(),
  equal: ({ equal }) => setConditions.equal(equal.value_to_check),
  not_equal: ({ not_equal: notEqual }) => setConditions.notEqual(notEqual.value_to_check),
  present_and_not_equal: (request) =>
    setConditions.presentAndNotEqual(request.present_and_not_equal.value_to_check),
  absent_or_equal: (request) => setConditions.absentOrEqual(request.absent_or_equal.value_to_check),
};

const SET_IF_HASH: Conditions<SetIfHashRequest> = {
  unconditional: () => setConditions.always(),
  present_and_hash_equal: (request) => setConditions.hashEqual(request.present_and_hash_equal.hash_to_check),
  present_and_not_hash_equal: (request) =>
    setConditions.presentAndNotHashEqual(request.present_and_not_hash_equal.hash_to_check),
  absent_or_hash_equal: (request) =>
    setConditions.absentOrHashEqual(request.absent_or_hash_equal.hash_to_check),
  absent_or_not_hash_equal: (request) =>
    setConditions.absentOrNotHashEqual(request.absent_or_not_hash_equal.hash_to_check),
};

export function setIfConditionOf(request: SetIfRequest): SetCondition {
  return request.condition === 'none' ? refuse() : SET_IF[request.condition](request);
}

export function setHashConditionOf(request: SetIfHashRequest): SetCondition {
  return request.condition === 'none' ? refuse() : SET_IF_HASH[request.condition](request);
}

function refuse(): never {
  throw new EngineError('invalid-argument', 'The request has no condition');
}
