-- Integrations as a workspace has set them up: which ones its end users see, by which name, and whose connection is used.
CREATE TABLE workspace_integrations (
    id                  TEXT   NOT NULL PRIMARY KEY,
    workspace_id        TEXT   NOT NULL REFERENCES workspaces (id),
    integration_name    TEXT   NOT NULL,
    alias               TEXT   NOT NULL,
    connection_strategy TEXT   NOT NULL CHECK (connection_strategy IN ('fixed', 'per_user', 'per_user_with_fallback')),
    auth_method_key     TEXT,                      -- null: any
    oauth_app_mode      TEXT   NOT NULL CHECK (oauth_app_mode IN ('weavz_managed', 'custom')),
    oauth_app_id        TEXT,
    connection_id       TEXT,                      -- of strategy fixed, or the fallback
    display_name        TEXT,
    enabled_actions     TEXT,                      -- JSON list; null: all
    settings            TEXT   NOT NULL DEFAULT '{}',
    sort_order          BIGINT NOT NULL DEFAULT 0,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    UNIQUE (workspace_id, alias)
);

ALTER TABLE end_user_tokens ADD COLUMN workspace_integration_id TEXT;
ALTER TABLE connect_sessions ADD COLUMN workspace_integration_id TEXT;
