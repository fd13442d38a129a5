import 'reflect-metadata';
import { companionChecks } from './companion-checks.js';
import { declaredChecks } from './declared-checks.js';
import { httpChecks } from './http-checks.js';
import { hybridChecks } from './hybrid-checks.js';
import { topicChecks } from './topic-checks.js';
import { type Checks, frameworks } from './running-app.js';

export { frameworks };

/** Copied into both apps, so that Nest 11 and Nest 12 do the same on both frameworks. */
export const checks: Checks = {
  ...httpChecks,
  ...hybridChecks,
  ...declaredChecks,
  ...companionChecks,
  ...topicChecks,
};
