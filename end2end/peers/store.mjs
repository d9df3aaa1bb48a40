// What oidc-provider keeps, in memory and without a limit: its own store forgets the oldest of a thousand entries, which to a client looks
// like a revoked grant.
//
// With a grace window, a refresh token that has been used may be used again for so many seconds after its first use, and brings a new pair
// each time, as at providers with a leeway for lost answers. After that a use is a reuse, and the provider ends the grant as ever.

const seconds = () => Date.now() / 1000;
const ofGrant = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** An adapter class for one provider; `grace` in seconds. */
export function storeWith(grace) {
  const entries = new Map(); // `Model:id` → { payload, ends, usedAt }
  const grants = new Map(); // grant → set of keys
  const byUid = new Map(); // session → id

  setInterval(() => {
    for (const [key, { payload, ends }] of entries) if (ends <= seconds()) forget(key, payload);
  }, 5000).unref();

  function forget(key, payload) {
    entries.delete(key);
    if (payload?.uid) byUid.delete(payload.uid);
    const members = grants.get(payload?.grantId);
    members?.delete(key);
    if (members?.size === 0) grants.delete(payload.grantId);
  }

  return class Store {
    constructor(model) {
      this.model = model;
    }

    key(id) {
      return `${this.model}:${id}`;
    }

    async upsert(id, payload, lives) {
      const key = this.key(id);
      entries.set(key, { ...entries.get(key), payload, ends: lives === undefined ? Infinity : seconds() + lives });
      if (this.model === 'Session') byUid.set(payload.uid, id);
      if (ofGrant.has(this.model) && payload.grantId) {
        if (!grants.has(payload.grantId)) grants.set(payload.grantId, new Set());
        grants.get(payload.grantId).add(key);
      }
    }

    async find(id) {
      const entry = entries.get(this.key(id));
      if (!entry || entry.ends <= seconds()) return undefined;
      const isUsed = entry.usedAt !== undefined && seconds() - entry.usedAt >= grace;
      return isUsed ? { ...entry.payload, consumed: Math.floor(entry.usedAt) } : entry.payload;
    }

    async findByUid(uid) {
      return this.find(byUid.get(uid));
    }

    async consume(id) {
      const entry = entries.get(this.key(id));
      // The first use counts: a window that each use prolonged would never close.
      if (entry) entry.usedAt ??= seconds();
    }

    async destroy(id) {
      const key = this.key(id);
      forget(key, entries.get(key)?.payload);
    }

    async revokeByGrantId(grant) {
      for (const key of grants.get(grant) ?? []) entries.delete(key);
      grants.delete(grant);
    }
  };
}
