import type { InjectionToken, Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { Module } from '@nestjs/core/injector/module.js';
import { type Declaration, declarationsOf } from './on-topic.js';

/** A method with `@OnTopic` or `@OnTopicGap`, in a provider or controller of the app. */
export interface FoundMethod {
  /** For log lines: class and method. */
  readonly name: string;
  readonly methodName: string;
  readonly metatype: Type;
  readonly prototype: object;
  readonly wrapper: InstanceWrapper<object>;
  readonly module: Module;
  /** The one of the module that holds the wrapper. */
  readonly collection: Map<InjectionToken, InstanceWrapper>;
  readonly declarations: readonly Declaration[];
}

/** All of them in the app; of an instance that several tokens give, once. */
export function findMethods(modules: ModulesContainer): FoundMethod[] {
  const scanner = new MetadataScanner();
  const seen = new Set<object>();
  const found: FoundMethod[] = [];
  for (const module of modules.values()) {
    for (const collection of [module.providers, module.controllers]) {
      for (const wrapper of collection.values()) {
        const { instance, isAlias }: InstanceWrapper<unknown> = wrapper;
        if (isAlias || typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
        seen.add(instance);
        const prototype: unknown = Object.getPrototypeOf(instance);
        if (typeof prototype !== 'object' || prototype === null || prototype === Object.prototype) continue;
        for (const methodName of scanner.getAllMethodNames(prototype)) {
          const method: unknown = Reflect.get(prototype, methodName);
          const declarations = typeof method === 'function' ? declarationsOf(method) : [];
          if (declarations.length === 0) continue;
          const metatype = prototype.constructor as Type;
          found.push({
            name: `${metatype.name}.${methodName}`,
            methodName,
            metatype,
            prototype,
            wrapper: wrapper as InstanceWrapper<object>,
            module,
            collection,
            declarations,
          });
        }
      }
    }
  }
  return found;
}
