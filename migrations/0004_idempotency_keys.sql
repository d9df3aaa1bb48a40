-- Requests that carried an Idempotency-Key, and what they were answered: an equal one is given the same answer for a day.
CREATE TABLE idempotency_keys (
    id          TEXT   NOT NULL PRIMARY KEY,       -- HMAC of the caller and the key they chose
    actor       TEXT   NOT NULL,                   -- the caller; when an API key is deleted its answers go too
    request     TEXT   NOT NULL,                   -- HMAC of method, path, query and body
    claim       TEXT   NOT NULL,                   -- of the one who runs the request: another one's comes in its place when it is taken for dead
    lease_until BIGINT NOT NULL,                   -- when that is
    answer      TEXT,                              -- sealed status and body; null: it is running
    expires_at  BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_by_actor ON idempotency_keys (actor);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
