import { Inject, type InjectionToken } from '@nestjs/common';
import { classToken } from '../foundation/tokens.js';
import { MomentoCredentials } from './momento-credentials.js';

export const getMomentoCredentialsToken = (connectionName?: string): InjectionToken<MomentoCredentials> =>
  classToken(MomentoCredentials, 'MomentoCredentials', connectionName);

export const InjectMomentoCredentials = (connectionName?: string) =>
  Inject(getMomentoCredentialsToken(connectionName));
