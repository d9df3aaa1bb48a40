-- When a connection's token is renewed next, what became of the last tries, and who is at it.
ALTER TABLE connections ADD COLUMN refresh_due_at BIGINT;      -- when the job renews it; null: not by itself. A node claims it by moving this on
ALTER TABLE connections ADD COLUMN refresh_failures BIGINT NOT NULL DEFAULT 0; -- in a row
ALTER TABLE connections ADD COLUMN refresh_not_before BIGINT;  -- after a failure: nobody asks the provider again before this
ALTER TABLE connections ADD COLUMN refresh_owner TEXT;         -- SQLite: who holds the refresh lock (PostgreSQL has advisory locks)
ALTER TABLE connections ADD COLUMN refresh_lease BIGINT;       -- until when, should the holder die
UPDATE connections SET refresh_due_at = expires_at - 600000 WHERE renewable = 1 AND expires_at IS NOT NULL AND error_is_final = 0;
CREATE INDEX connections_by_refresh ON connections (refresh_due_at) WHERE refresh_due_at IS NOT NULL;
-- Who else is of the same grant, and which connections an app has.
CREATE INDEX connections_by_oauth_app ON connections (oauth_app_id) WHERE oauth_app_id IS NOT NULL;

-- What a provider has against an app: while this is set, no connection of the app is refreshed.
ALTER TABLE oauth_apps ADD COLUMN problem TEXT;                -- JSON: code, message, at
ALTER TABLE oauth_apps ADD COLUMN problem_checked_at BIGINT;   -- when the provider was last asked whether it still stands

-- Tokens of deleted connections that their provider has not been told of yet.
CREATE TABLE revocations (
    id            TEXT   NOT NULL PRIMARY KEY,
    connection_id TEXT   NOT NULL,
    workspace_id  TEXT,
    oauth_app_id  TEXT   NOT NULL,
    secret        TEXT   NOT NULL,                 -- sealed by the organisation's key: tokens and the connection's props
    attempts      BIGINT NOT NULL DEFAULT 0,
    next_at       BIGINT NOT NULL,                 -- a node claims it by moving this on
    created_at    BIGINT NOT NULL
);
CREATE INDEX revocations_by_next ON revocations (next_at);
