-- Seals on the event log: each covers the events after the one before it and is chained to it by hash, so that a changed, removed or
-- slipped-in entry shows (`keyloom events verify`).
CREATE TABLE event_seals (
    seq        BIGINT NOT NULL PRIMARY KEY,
    last_event TEXT   NOT NULL,                    -- the last event it covers
    count      BIGINT NOT NULL,
    hash       TEXT   NOT NULL,
    sealed_at  BIGINT NOT NULL
);
