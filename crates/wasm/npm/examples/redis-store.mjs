/**
 * Instances of a service that share fetched keys through Redis, by npm's `redis`: one of them fetches, all know.
 *
 * Whoever can write these entries decides which keys count: give them a Redis that only the service can write to.
 */
export function redisStore(client) {
  return {
    get: (key) => client.get(key),
    set: async (key, value, ttlSeconds) => void (await client.set(key, value, { EX: ttlSeconds })),
  };
}
