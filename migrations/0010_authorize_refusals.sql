
-- Authorize clicks of the dashboard that were refused before a session was made: the page that opened the popup asks here.
CREATE TABLE authorize_refusals (
    client_ref TEXT   NOT NULL PRIMARY KEY,        -- the page's own handle
    actor      TEXT   NOT NULL,                    -- whose page it is
    message    TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX authorize_refusals_by_expiry ON authorize_refusals (expires_at);
