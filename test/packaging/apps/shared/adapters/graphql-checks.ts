import type { Checks } from '../running-app.js';

export const graphqlChecks: Checks = {};
