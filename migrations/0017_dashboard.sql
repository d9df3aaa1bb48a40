-- What became of the connections that somebody chose in the dashboard, for the page that tells them. Kept for an hour.
CREATE TABLE bulk_reports (
    id         TEXT PRIMARY KEY,
    actor      TEXT NOT NULL,                 -- who asked, and alone is told
    report     TEXT NOT NULL,                 -- JSON
    expires_at BIGINT NOT NULL
);
CREATE INDEX bulk_reports_by_end ON bulk_reports (expires_at);

-- Logos of workspaces, so that the hosted page asks nobody else for them.
CREATE TABLE workspace_logos (
    workspace_id TEXT PRIMARY KEY REFERENCES workspaces (id),
    file         TEXT NOT NULL,               -- its name: the beginning of its hash, and what it is
    body         TEXT NOT NULL                -- Base64
);
