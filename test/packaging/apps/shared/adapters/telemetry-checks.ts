import type { Checks } from '../running-app.js';

export const telemetryChecks: Checks = {};
