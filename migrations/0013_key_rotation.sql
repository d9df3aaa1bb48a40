-- What a change of the master key under traffic needs (src/service/key_rotation.rs).

-- An owner has one data key that seals and any number of earlier ones that only open. The new table takes the old one's name.
CREATE TABLE data_keys_of_owners (
    id         TEXT   NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL,                    -- org_… or ws_…
    wrapped    TEXT   NOT NULL,                    -- by the master key
    rotation   BIGINT NOT NULL DEFAULT 0,          -- the rotation that made it, by its time of beginning; 0: none
    retired_at BIGINT,                             -- null: it is the one that seals
    created_at BIGINT NOT NULL
);
INSERT INTO data_keys_of_owners (id, owner, wrapped, created_at) SELECT id, owner, wrapped, created_at FROM data_keys;
DROP TABLE data_keys;
ALTER TABLE data_keys_of_owners RENAME TO data_keys;
CREATE UNIQUE INDEX data_keys_active ON data_keys (owner) WHERE retired_at IS NULL;
CREATE INDEX data_keys_by_owner ON data_keys (owner);

-- Servers that run on this database, as they say it themselves: a rotation waits for each of them.
CREATE TABLE nodes (
    id         TEXT   NOT NULL PRIMARY KEY,
    host       TEXT   NOT NULL,
    seen_at    BIGINT NOT NULL,
    has_master BIGINT NOT NULL DEFAULT 0,          -- the rotation whose master key it has
    has_keys   BIGINT NOT NULL DEFAULT 0           -- the rotation whose data keys it seals with
);
