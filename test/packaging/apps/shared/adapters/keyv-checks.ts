import assert from 'node:assert/strict';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheService } from 'nestjs-momento';
import { KeyvMomento } from 'nestjs-momento/keyv';
import { type Checks, withApp } from '../running-app.js';

export const keyvChecks: Checks = {};
