import { ConfigService } from '@nestjs/config';
import {
  bytesCodec,
  type CacheOf,
  CacheService,
  defineCache,
  getCacheToken,
  InjectCache,
  jsonCodec,
  MomentoModule,
  type StandardSchema,
  stringCodec,
  TypedCache,
} from 'nestjs-momento';

interface User {
  readonly id: number;
  readonly orgId: string;
}

declare const user: User;
declare const find: (id: number) => Promise<User | undefined>;

const users = defineCache<User, number>('users', {
  key: (id) => `user:${id}`,
  ttlSeconds: ({ orgId }) => orgId.length,
  storeIf: (value) => value.orgId !== '',
  staleSeconds: 600,
  codec: jsonCodec,
});
const byName = defineCache<User>('by-name', { key: (name) => name });
const images = defineCache('images', { key: (path: string) => path, codec: bytesCodec, keyPrefix: 'i:' });
const texts = defineCache('texts', { key: (id: number) => `${id}`, codec: stringCodec });
const unknowns = defineCache('unknowns', { key: (id: symbol) => String(id) });
declare const personSchema: StandardSchema<{ born: string; role?: string }, { born: Date; role: string }>;
declare const coercing: StandardSchema<unknown, Date>;
const people = defineCache('people', {
  schema: personSchema,
  key: (id: number) => `person:${id}`,
  ttlSeconds: ({ born }) => born.getFullYear(),
  codec: jsonCodec,
});
const dates = defineCache('dates', { key: (id: string) => id, schema: coercing });
declare const peopleCache: CacheOf<typeof people>;
declare const datesCache: CacheOf<typeof dates>;
const pairs = defineCache<User, readonly [string, number]>('pairs', { key: ([org, id]) => `${org}:${id}` });

class UsersService {
  constructor(
    @InjectCache(users) readonly byId: CacheOf<typeof users>,
    @InjectCache(images, 'analytics') readonly pictures: CacheOf<typeof images>,
    @InjectCache('sessions') readonly sessions: CacheService,
  ) {}
}

/** Compiled by the type check, never run: each line marked as an error is one, or the compiler says that it is none. */
export async function compiled(
  service: UsersService,
  app: { get<T>(token: unknown): T },
): Promise<unknown[]> {
  const cache: TypedCache<number, User> = service.byId;
  // Right.
  const known: User = await cache.getOrSet(7, () => user, { ttlSeconds: (value) => value.id });
  const perhaps: User | undefined = await cache.getOrSet(7, () => find(7));
  const former = await cache.getOrSet(7, ({ previous, signal }) =>
    signal.aborted ? user : (previous?.value ?? user),
  );
  const { value }: { value: User } = await cache.getOrSetEntry(7, async () => user);
  const many: Map<number, User> = await cache.getOrSetMany([7, 8], async (ids) =>
    ids.map((id) => [id, user] as const),
  );
  const read: Map<number, User> = await cache.getMany([7]);
  await cache.setMany([[7, user]], { tags: undefined });
  await cache.evict(7);
  await cache.evict([7, 8]);
  const bytes: Uint8Array | undefined = await service.pictures.get('logo');
  await app.get<CacheOf<typeof texts>>(getCacheToken(texts)).set(7, 'text');
  const found: User | undefined = await app
    .get<CacheOf<typeof byName>>(getCacheToken(byName, 'a'))
    .get('ada');
  MomentoModule.forFeature([users, images, { cacheName: 'sessions' }], 'analytics');
  const anything: unknown = await app.get<CacheOf<typeof unknowns>>(getCacheToken(unknowns)).get(Symbol('a'));
  const tuples = app.get<CacheOf<typeof pairs>>(getCacheToken(pairs));
  await tuples.evict([['a', 1]]);

  const { born }: { born: Date; role: string } = await peopleCache.getOrSet(7, () => ({
    born: '1970-01-01',
  }));
  await peopleCache.set(7, { born, role: 'guest' });
  const date: Date | undefined = await datesCache.get('a');
  await datesCache.set('a', born);
  await service.sessions.cache('other', { schema: personSchema }).get('a');

  MomentoModule.forFeatureAsync({
    cache: users,
    inject: [ConfigService, { token: 'X', optional: true }],
    useFactory: (config, x: unknown) => ({
      ttlSeconds: ({ id }) => config.getOrThrow<number>('TTL') + id + Number(x),
      cacheName: undefined,
    }),
  });
  MomentoModule.forFeatureAsync(
    { cache: 'sessions', useFactory: async () => ({ codec: bytesCodec }) },
    'analytics',
  );

  // @ts-expect-error a user has no such field
  MomentoModule.forFeatureAsync({ cache: users, useFactory: () => ({ storeIf: ({ age }) => age > 18 }) });
  // @ts-expect-error the codec makes the type of a definition
  MomentoModule.forFeatureAsync({ cache: users, useFactory: () => ({ codec: bytesCodec }) });
  MomentoModule.forFeatureAsync({
    cache: users,
    // @ts-expect-error an argument that inject does not name
    useFactory: (config: ConfigService) => ({ ttlSeconds: config.get('A') }),
  });
  // @ts-expect-error no cache
  MomentoModule.forFeatureAsync({ useFactory: () => ({}) });
  // @ts-expect-error the schema reads no number, and gives none
  await peopleCache.set(7, { born: 5 });
  // @ts-expect-error the loader gives what the schema does not read
  await peopleCache.getOrSet(7, () => ({ role: 'guest' }));
  // @ts-expect-error where the schema reads anything, a date is written
  await datesCache.set('a', 'text');
  // @ts-expect-error a person has no such field
  defineCache('people', { schema: personSchema, key: (id: string) => id, storeIf: ({ age }) => age > 1 });
  // @ts-expect-error no schema
  defineCache('people', { schema: { parse: String }, key: (id: string) => id });
  // @ts-expect-error the id is a number
  await cache.get('7');
  // @ts-expect-error the value is a user
  await cache.set(7, { id: 7 });
  // @ts-expect-error the loader gives no user
  await cache.getOrSet(7, () => 'user');
  // @ts-expect-error a loader that may find nothing gives no user for sure
  const sure: User = await cache.getOrSet(7, () => find(7));
  // @ts-expect-error a user has no such field
  await cache.set(7, user, { ttlSeconds: ({ age }) => age });
  // @ts-expect-error the loader of many answers with ids
  await cache.getOrSetMany([7], async () => [['7', user]]);
  // @ts-expect-error bytes are no text
  await service.pictures.set('logo', 'text');
  // @ts-expect-error a single id that is an array is given in a list
  await tuples.evict(['a', 1]);
  // @ts-expect-error a key is a text
  defineCache<User, number>('users', { key: (id) => id });
  // @ts-expect-error without a second type argument ids are text
  defineCache<User>('users', { key: (id: number) => `user:${id}` });
  // @ts-expect-error there is no cache without keys
  defineCache<User>('users', {});
  // @ts-expect-error an option that there is not
  defineCache<User>('users', { key: (id) => id, ttl: 60 });
  // @ts-expect-error a codec of bytes writes no users
  defineCache<User>('users', { key: (id) => id, codec: bytesCodec });
  // @ts-expect-error a user has no such field
  defineCache<User>('users', { key: (id) => id, storeIf: ({ age }) => age > 18 });
  // @ts-expect-error no definition, and no name of a cache
  MomentoModule.forFeature([{ key: (id: string) => id }]);
  return [known, perhaps, former, value, many, read, bytes, found, anything, sure, date];
}
