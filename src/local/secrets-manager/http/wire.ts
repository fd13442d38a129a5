import type { IncomingHttpHeaders } from 'node:http';
import type { AwsError } from '../aws-error.js';

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Name of the AWS error, when it is one. */
  readonly error?: string;
}

/** A request that was understood far enough to be logged and to meet a fault. */
export interface Exchange {
  readonly operation: string;
  readonly secretId: string;
  readonly versionStage?: string | undefined;
  readonly region: string;
  /** Runs the operation. */
  answer(): WireAnswer;
}

export const AWS_JSON = 'application/x-amz-json-1.1';

export const jsonAnswer = (body: object): WireAnswer => ({
  status: 200,
  contentType: AWS_JSON,
  body: JSON.stringify(body),
});

export const errorAnswer = (error: AwsError): WireAnswer => ({
  status: error.statusCode,
  contentType: AWS_JSON,
  body: JSON.stringify({ __type: error.name, Message: error.message }),
  error: error.name,
});

export const textAnswer = (status: number, body: string): WireAnswer => ({
  status,
  contentType: 'text/plain',
  body,
});
