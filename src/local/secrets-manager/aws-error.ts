/** An error as Secrets Manager answers it: `name` is the AWS error type, `statusCode` the HTTP status. */
export class AwsError extends Error {
  constructor(
    name: string,
    message: string,
    readonly statusCode = 400,
  ) {
    super(message);
    this.name = name;
  }
}

export const resourceNotFound = (what = 'secret.') =>
  new AwsError('ResourceNotFoundException', `Secrets Manager can't find the specified ${what}`);

export const invalidParameter = (message: string) => new AwsError('InvalidParameterException', message);

export const invalidRequest = (message: string) => new AwsError('InvalidRequestException', message);

/** A member of the request breaks a constraint of the service's model, e.g. `Member must not be null`. */
export const constraintViolation = (value: string, member: string, constraint: string) =>
  new AwsError(
    'ValidationException',
    `1 validation error detected: Value ${value} at '${member}' failed to satisfy constraint: ${constraint}`,
  );
