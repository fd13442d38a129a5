import type { Checks } from '../running-app.js';

export const healthChecks: Checks = {};
