-- Webhooks, and the outbox of what they are sent.
CREATE TABLE webhooks (
    id              TEXT   NOT NULL PRIMARY KEY,
    workspace_id    TEXT   REFERENCES workspaces (id) ON DELETE CASCADE, -- null: the organisation's, told of everything
    url             TEXT   NOT NULL,
    events          TEXT,                          -- JSON list of types; null: all
    secret          TEXT   NOT NULL,               -- sealed
    previous_secret TEXT,                          -- sealed; signs too until `previous_until`
    previous_until  BIGINT,
    disabled_at     BIGINT,                        -- null: it is enabled
    disabled_reason TEXT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);
CREATE INDEX webhooks_by_workspace ON webhooks (workspace_id, id);

-- One message to one webhook, written in the transaction that reports the event. A node claims it by `claim` and `lease_until` before it
-- sends; should that node die, another one sends it again with the same `event_id`, by which receivers tell repetitions.
-- No foreign key on purpose: a webhook deleted at the same moment must not fail the transaction that reports to it.
CREATE TABLE webhook_deliveries (
    id              TEXT   NOT NULL PRIMARY KEY,
    webhook_id      TEXT   NOT NULL,
    event_id        TEXT   NOT NULL,               -- evt_…; goes out as `webhook-id`
    event_type      TEXT   NOT NULL,
    body            TEXT   NOT NULL,               -- JSON, sent and signed to the byte
    status          TEXT   NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts        BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT,                        -- null: none will be made
    claim           TEXT,
    lease_until     BIGINT NOT NULL DEFAULT 0,
    response_status BIGINT,                        -- of the last attempt
    response_body   TEXT,                          -- of the last attempt, its beginning
    error           TEXT,                          -- of the last attempt, for a person
    replay_of       TEXT,                          -- the delivery that this one repeats
    created_at      BIGINT NOT NULL,
    finished_at     BIGINT
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);

-- Filters of the organisation's log, in its order.
CREATE INDEX events_by_workspace ON events (workspace_id, id);
CREATE INDEX events_by_kind ON events (kind, id);

-- What the end of a connection's access has been reported as: 0 not at all, 1 as near, 2 as over. A new credential starts anew.
ALTER TABLE connections ADD COLUMN expiry_told BIGINT NOT NULL DEFAULT 0;
CREATE INDEX connections_ending ON connections (expires_at) WHERE renewable = 0 AND expires_at IS NOT NULL AND expiry_told < 2;
-- Sessions whose end is to be reported.
CREATE INDEX connect_sessions_open ON connect_sessions (expires_at) WHERE status IN ('pending', 'connecting', 'failed', 'awaiting_confirmation');
