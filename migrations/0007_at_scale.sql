-- What lists and resolve need so that none of them reads all connections.

-- What `q` is compared with: lower case as Rust understands it (SQLite lowers ASCII only), in byte order on both databases, so that an
-- index answers prefixes. PostgreSQL is given the collation "binary" before migrations run; SQLite has it (src/store/mod.rs).
ALTER TABLE connections ADD COLUMN search_name TEXT COLLATE "binary" NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN search_external_id TEXT COLLATE "binary" NOT NULL DEFAULT '';
-- Of connections from before, filled in when their account is looked at next.
ALTER TABLE connections ADD COLUMN search_account TEXT COLLATE "binary";
UPDATE connections SET search_name = LOWER(display_name), search_external_id = LOWER(external_id);
CREATE INDEX connections_by_search_name ON connections (search_name, id);
CREATE INDEX connections_by_search_external_id ON connections (search_external_id, id);
CREATE INDEX connections_by_search_account ON connections (search_account, id);

-- Filters of lists, in the order of lists.
CREATE INDEX connections_by_external_id ON connections (external_id, id);
CREATE INDEX connections_by_scope ON connections (scope, id);
CREATE INDEX connections_by_kind ON connections (kind, id);
-- The few that are, or can come to be, other than well. `WATCHED` in src/store/connections.rs says the same.
CREATE INDEX connections_watched ON connections (id) WHERE error_code IS NOT NULL OR scopes_missing = 1 OR (renewable = 0 AND expires_at IS NOT NULL);
-- Resolve without an external id.
CREATE INDEX connections_by_owner ON connections (integration_name, COALESCE(workspace_id, ''), COALESCE(end_user_id, ''), id);

-- The workspace that a key limited to one means where a request names none; its rights are in `permissions` alone.
ALTER TABLE api_keys ADD COLUMN only_workspace_id TEXT;
UPDATE api_keys SET only_workspace_id = (SELECT MIN(w.id) FROM workspaces w WHERE api_keys.permissions LIKE '%"workspaceIds":["' || w.id || '"]%');

-- Clean-up goes by the end of time.
CREATE INDEX connect_sessions_by_end ON connect_sessions (expires_at);
CREATE INDEX connect_attempts_by_end ON connect_attempts (expires_at);
CREATE INDEX end_user_tokens_by_end ON end_user_tokens (expires_at);
CREATE INDEX logins_by_end ON logins (expires_at);
