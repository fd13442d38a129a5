import { internalToken } from '../foundation/tokens.js';

/** What the module's own providers of a connection go by. */
export const registrationToken = (connectionName: string) => internalToken('Registration', connectionName);
export const keyFollowerToken = (connectionName: string) => internalToken('KeyFollower', connectionName);
export const connectionToken = (connectionName: string) => internalToken('Connection', connectionName);
export const cacheContextToken = (connectionName: string) => internalToken('CacheContext', connectionName);
export const topicPartsToken = (connectionName: string) => internalToken('TopicParts', connectionName);
export const bootToken = (connectionName: string) => internalToken('Boot', connectionName);
