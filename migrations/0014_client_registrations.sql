-- Clients that registered themselves (RFC 7591).
ALTER TABLE oauth_apps ADD COLUMN registration TEXT;           -- JSON: how it authenticates, when it registered, when its secret ends
ALTER TABLE oauth_apps ADD COLUMN registration_on_trial BIGINT NOT NULL DEFAULT 0; -- 1: registered anew, or tried to, and not accepted since: not again
