import { defineTopic, type TopicToken, type TopicTokenService } from 'nestjs-momento';

declare const tokens: TopicTokenService;

const orders = defineTopic<{ readonly id: number }>('orders');
const life = { permissions: 'subscribe', expiresInSeconds: 60 } as const;

const issued: Promise<TopicToken> = tokens.issue({ topics: [orders, 'news'], ...life, tokenId: 'user-7' });
void issued.then(({ token, endpoint, expiresAt }) => token + endpoint + expiresAt.toISOString());
void tokens.issue({ caches: ['shop'], permissions: 'both', expiresInSeconds: 60, tokenId: undefined });

// @ts-expect-error for nothing
void tokens.issue(life);
// @ts-expect-error for topics or for caches
void tokens.issue({ topics: ['news'], caches: ['shop'], ...life });
// @ts-expect-error several, in an array
void tokens.issue({ topics: 'news', ...life });
// @ts-expect-error a cache is named
void tokens.issue({ caches: [orders], ...life });
// @ts-expect-error no end
void tokens.issue({ topics: ['news'], permissions: 'subscribe' });
// @ts-expect-error no permissions
void tokens.issue({ topics: ['news'], expiresInSeconds: 60 });
// @ts-expect-error other permissions
void tokens.issue({ topics: ['news'], permissions: 'read', expiresInSeconds: 60 });
// @ts-expect-error no option
void tokens.issue({ topics: ['news'], ...life, ttlSeconds: 60 });
