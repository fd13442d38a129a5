/** AWS credentials that the embedded Secrets Manager takes and nothing else does. */
export const awsEnvironment = {
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_REGION: 'us-west-2',
};
