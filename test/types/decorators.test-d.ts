import { Cacheable, CacheEvict, CachePut, defineCache } from 'nestjs-momento';

interface User {
  readonly id: number;
  readonly orgId: string;
}

declare const user: User;
const users = defineCache<User, number>('users', { key: (id) => `user:${id}` });

export class Compiled {
  @Cacheable({
    key: (id: number) => `user:${id}`,
    ttlSeconds: 60,
    staleSeconds: 600,
    tags: (value: User) => [value.orgId],
    if: (id) => id > 0,
    storeIf: (value: User) => value.id > 0,
  })
  async find(_id: number, _more?: string): Promise<User | undefined> {
    return user;
  }

  @Cacheable({ cache: users, key: (id: number) => id, tags: ({ orgId }) => [orgId] })
  async typed(_id: number): Promise<User> {
    return user;
  }

  @CachePut({ cache: 'sessions', connection: 'analytics', key: (one: User) => `user:${one.id}` })
  async save(one: User): Promise<User> {
    return one;
  }

  @CacheEvict({ keys: (one: User) => [`user:${one.id}`], tags: ['users'], before: false })
  async remove(_one: User): Promise<void> {}

  @CacheEvict({ cache: users, keysOfResult: (result: User, _name: string) => [result.id] })
  async removeByName(_name: string): Promise<User> {
    return user;
  }
}

export class Refused {
  // @ts-expect-error the key is of another argument
  @Cacheable({ key: (id: number) => `user:${id}` })
  async wrongArgument(_id: string): Promise<User> {
    return user;
  }

  // @ts-expect-error the method has no such argument
  @Cacheable({ key: (id: number) => `user:${id}` })
  async noArgument(): Promise<User> {
    return user;
  }

  // @ts-expect-error there is no key
  @Cacheable({ ttlSeconds: 5 })
  async noKey(): Promise<User> {
    return user;
  }

  // @ts-expect-error a cache answers later
  @Cacheable({ key: () => 'key' })
  notAsync(): User {
    return user;
  }

  // @ts-expect-error the tags are of another value
  @Cacheable({ key: () => 'key', tags: (value: User) => [value.orgId] })
  async otherValue(): Promise<{ readonly id: number }> {
    return user;
  }

  // @ts-expect-error the typed cache has other values
  @Cacheable({ cache: users, key: () => 1 })
  async otherThanTyped(): Promise<string> {
    return '';
  }

  // @ts-expect-error the typed cache has other ids
  @Cacheable({ cache: users, key: (id: string) => id })
  async otherId(_id: string): Promise<User> {
    return user;
  }

  // @ts-expect-error an option that there is not
  @CachePut({ key: () => 'key', ttl: 5 })
  async wrongOption(): Promise<User> {
    return user;
  }

  // @ts-expect-error the keys are of another argument
  @CacheEvict({ keys: (one: User) => [`user:${one.id}`] })
  async wrongKeys(_id: number): Promise<void> {}
}
