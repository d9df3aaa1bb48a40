-- One schema for SQLite and PostgreSQL: TEXT and BIGINT only.
-- Ids are prefixed text, times Unix milliseconds, enums text with a CHECK, JSON text, ciphertext text (see src/vault).
-- Applied migrations are never edited; add a new file instead.

-- Facts about the installation itself: its organisation id, the canary of the master key, the set-up token's hash.
CREATE TABLE installation (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- One data key per workspace and one for the organisation, each wrapped by the master key `master_key`.
CREATE TABLE data_keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL UNIQUE,          -- org_… or ws_…
    wrapped    TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- People who sign in to the dashboard.
CREATE TABLE users (
    id            TEXT   NOT NULL PRIMARY KEY,
    email         TEXT   NOT NULL UNIQUE,       -- lower case
    password_hash TEXT   NOT NULL,              -- argon2id, PHC string
    role          TEXT   NOT NULL CHECK (role IN ('owner', 'admin', 'viewer')),
    created_at    BIGINT NOT NULL
);

-- Their sign-ins. Only the hash of the cookie's secret is kept.
CREATE TABLE logins (
    token_hash   TEXT   NOT NULL PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);

CREATE TABLE workspaces (
    id              TEXT   NOT NULL PRIMARY KEY,
    slug            TEXT   NOT NULL UNIQUE,
    name            TEXT   NOT NULL,
    allowed_origins TEXT   NOT NULL DEFAULT '[]',
    redirect_uris   TEXT   NOT NULL DEFAULT '[]',
    logo_url        TEXT,
    accent          TEXT,
    language        TEXT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);

-- The customer's users. External ids are theirs.
CREATE TABLE end_users (
    id           TEXT   NOT NULL PRIMARY KEY,
    workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
    external_id  TEXT   NOT NULL,
    display_name TEXT,
    email        TEXT,
    metadata     TEXT   NOT NULL DEFAULT '{}',
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (workspace_id, external_id)
);

-- Portal tokens (eut_): reusable until they expire, gone with the end user.
CREATE TABLE end_user_tokens (
    token_hash       TEXT   NOT NULL PRIMARY KEY,
    end_user_id      TEXT   NOT NULL REFERENCES end_users (id) ON DELETE CASCADE,
    integration_name TEXT,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL
);
CREATE INDEX end_user_tokens_by_user ON end_user_tokens (end_user_id);

CREATE TABLE api_keys (
    id               TEXT   NOT NULL PRIMARY KEY,
    name             TEXT   NOT NULL,
    key_prefix       TEXT   NOT NULL,
    key_hash         TEXT   NOT NULL UNIQUE,    -- SHA-256 of the whole key
    permissions      TEXT   NOT NULL,           -- JSON, as given
    last_used_at     BIGINT,
    expires_at       BIGINT,
    created_at       BIGINT NOT NULL
);

-- RFC 6749 clients. `workspace_id` null: the platform's, one per integration.
CREATE TABLE oauth_apps (
    id               TEXT   NOT NULL PRIMARY KEY,
    integration_name TEXT   NOT NULL,
    workspace_id     TEXT   REFERENCES workspaces (id),
    client_id        TEXT   NOT NULL,
    client_secret    TEXT,                      -- sealed
    scopes           TEXT,                      -- JSON list; null: the definition's
    config           TEXT   NOT NULL DEFAULT '{}',
    from_environment BIGINT NOT NULL DEFAULT 0,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL
);
CREATE UNIQUE INDEX oauth_apps_one_platform_app ON oauth_apps (integration_name) WHERE workspace_id IS NULL;
CREATE INDEX oauth_apps_by_workspace ON oauth_apps (workspace_id, integration_name);

CREATE TABLE connections (
    id                TEXT   NOT NULL PRIMARY KEY,
    external_id       TEXT   NOT NULL,
    display_name      TEXT   NOT NULL,
    integration_name  TEXT   NOT NULL,
    auth_method_key   TEXT   NOT NULL,
    kind              TEXT   NOT NULL CHECK (kind IN ('OAUTH2', 'PLATFORM_OAUTH2', 'SECRET_TEXT', 'BASIC_AUTH', 'CUSTOM_AUTH')),
    scope             TEXT   NOT NULL CHECK (scope IN ('ORGANIZATION', 'WORKSPACE', 'USER')),
    workspace_id      TEXT   REFERENCES workspaces (id),
    end_user_id       TEXT   REFERENCES end_users (id),
    oauth_app_id      TEXT,
    secret            TEXT   NOT NULL,          -- sealed credential
    previous_secret   TEXT,                     -- sealed, one generation, for providers with a grace window
    version           BIGINT NOT NULL,          -- counts changes of `secret`; a writer states the one it read
    props             TEXT   NOT NULL DEFAULT '{}',  -- non-secret fields and captured values, JSON
    account           TEXT,                     -- JSON
    wanted_scopes     TEXT   NOT NULL DEFAULT '[]',
    granted_scopes    TEXT   NOT NULL DEFAULT '[]',
    scopes_missing    BIGINT NOT NULL DEFAULT 0,     -- 1: fewer were granted than wanted
    expires_at        BIGINT,
    renewable         BIGINT NOT NULL DEFAULT 0,     -- 1: there is a refresh token and an app to use it with
    last_refreshed_at BIGINT,
    last_used_at      BIGINT,
    error_code        TEXT,
    error_message     TEXT,
    error_at          BIGINT,
    error_is_final    BIGINT NOT NULL DEFAULT 0,
    metadata          TEXT   NOT NULL DEFAULT '{}',
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    CHECK ((scope = 'ORGANIZATION') = (workspace_id IS NULL)),
    CHECK ((scope = 'USER') = (end_user_id IS NOT NULL))
);
-- The same (integration, method, external id) exists once in a scope.
CREATE UNIQUE INDEX connections_identity ON connections
    (integration_name, external_id, COALESCE(workspace_id, ''), COALESCE(end_user_id, ''), auth_method_key);
-- Ids are UUIDv7: ordering by id is ordering by creation, and is stable under inserts.
CREATE INDEX connections_by_workspace ON connections (workspace_id, id);
CREATE INDEX connections_by_end_user ON connections (end_user_id, id);
CREATE INDEX connections_by_integration ON connections (integration_name, id);
CREATE INDEX connections_by_expiry ON connections (expires_at) WHERE renewable = 1;

-- Runs of the hosted connect page.
CREATE TABLE connect_sessions (
    id                TEXT   NOT NULL PRIMARY KEY,
    token_hash        TEXT   UNIQUE,            -- of the cst_ token; null for those started in the dashboard or portal
    status            TEXT   NOT NULL CHECK (status IN ('pending', 'connecting', 'awaiting_confirmation', 'completed', 'failed', 'expired', 'cancelled')),
    integration_name  TEXT   NOT NULL,
    auth_method_key   TEXT,                     -- null: the end user chooses
    external_id       TEXT   NOT NULL,
    display_name      TEXT   NOT NULL,
    scope             TEXT   NOT NULL,
    workspace_id      TEXT,
    end_user_id       TEXT,
    oauth_app_id      TEXT,
    connection_id     TEXT,                     -- reconnect: the one to replace; afterwards: the one that was made
    is_reconnect      BIGINT NOT NULL DEFAULT 0,
    account_changed   BIGINT NOT NULL DEFAULT 0,
    props             TEXT   NOT NULL DEFAULT '{}',  -- prefilled and locked, sealed
    scopes            TEXT,                     -- JSON list; null: the app's or the definition's
    success_redirect  TEXT,
    error_redirect    TEXT,
    allowed_origins   TEXT   NOT NULL DEFAULT '[]',
    language          TEXT,
    created_by        TEXT   NOT NULL,          -- actor
    browser           TEXT,                     -- hash of the nonce of the browser that acted first
    opener_origin     TEXT,                     -- origin of the page that opened it
    client_ref        TEXT   UNIQUE,            -- the dashboard's handle for the popup it opened
    error_code        TEXT,
    error_message     TEXT,
    finished_at       BIGINT,
    created_at        BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL
);

-- One trip to a provider: one state and one verifier, used once. Consumed by DELETE … RETURNING.
CREATE TABLE connect_attempts (
    state_hash   TEXT   NOT NULL PRIMARY KEY,
    session_id   TEXT   NOT NULL REFERENCES connect_sessions (id) ON DELETE CASCADE,
    browser      TEXT   NOT NULL,
    app_path     TEXT   NOT NULL,               -- last segment of the callback path it must come back to
    redirect_uri TEXT   NOT NULL,
    issuer       TEXT,                          -- expected `iss`
    secret       TEXT   NOT NULL,               -- sealed: verifier, nonce, props
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX connect_attempts_by_session ON connect_attempts (session_id);

-- What happened, append-only: the health timeline of connections and the log of who did what.
CREATE TABLE events (
    id            TEXT   NOT NULL PRIMARY KEY,
    kind          TEXT   NOT NULL,
    actor         TEXT   NOT NULL,
    workspace_id  TEXT,
    connection_id TEXT,
    data          TEXT   NOT NULL DEFAULT '{}',
    at            BIGINT NOT NULL
);
CREATE INDEX events_by_connection ON events (connection_id, id);
