-- Client secrets that are kept elsewhere, and when one ends.
ALTER TABLE oauth_apps ADD COLUMN client_secret_ref TEXT;            -- env:NAME or file:/path, read at each use; then client_secret is null
ALTER TABLE oauth_apps ADD COLUMN client_secret_expires_at BIGINT;   -- as the operator noted it; null: not known, or never
