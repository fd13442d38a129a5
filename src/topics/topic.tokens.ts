import { Inject, type InjectionToken } from '@nestjs/common';
import { classToken } from '../foundation/tokens.js';
import { TopicService } from './topic.service.js';

export const getTopicServiceToken = (connectionName?: string): InjectionToken<TopicService> =>
  classToken(TopicService, 'TopicService', connectionName);

/** Injects the `TopicService` of a named connection; for the default one its type is enough. */
export const InjectTopicService = (connectionName?: string) => Inject(getTopicServiceToken(connectionName));
