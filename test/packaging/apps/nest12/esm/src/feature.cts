import { Injectable, Module } from '@nestjs/common';
import * as local from 'nestjs-momento/local';
import * as main from 'nestjs-momento';
import * as testing from 'nestjs-momento/testing';

/** A feature library that is CommonJS, as one compiled for all: it finds the package by `require`. */
@Injectable()
export class FeatureService {
  constructor(private readonly cache: main.CacheService) {}

  remember(name: string): Promise<void> {
    return this.cache.set('feature', { name }, { ttlSeconds: 60 });
  }
}

@Module({ providers: [FeatureService], exports: [FeatureService] })
export class FeatureModule {}

export const required = { main, local, testing };
