import type { Checks } from '../running-app.js';

export const throttlerChecks: Checks = {};
