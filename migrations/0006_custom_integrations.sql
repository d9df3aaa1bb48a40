-- Integrations that the organisation defined over the API. They lie over the built-in ones; how often they have changed is counted in
-- `installation` (catalog_version), so that every node notices.
CREATE TABLE custom_integrations (
    name       TEXT   NOT NULL PRIMARY KEY,
    definition TEXT   NOT NULL,                    -- JSON, with the keys of the TOML format
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
