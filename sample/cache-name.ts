/** The cache of the sample; the SDK's own client names it in every call. */
export const cacheName = 'demo-cache';
