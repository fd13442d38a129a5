import { Inject, type InjectionToken } from '@nestjs/common';
import { classToken } from '../../foundation/tokens.js';
import { TopicTokenService } from './topic-token.service.js';

export const getTopicTokenServiceToken = (connectionName?: string): InjectionToken<TopicTokenService> =>
  classToken(TopicTokenService, 'TopicTokenService', connectionName);

/** Injects the `TopicTokenService` of a named connection; for the default one its type is enough. */
export const InjectTopicTokenService = (connectionName?: string) =>
  Inject(getTopicTokenServiceToken(connectionName));
