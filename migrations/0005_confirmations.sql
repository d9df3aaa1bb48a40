-- Connect sessions that the application confirms (`completion: verified`), and portal tokens that came by invitation.
ALTER TABLE connect_sessions ADD COLUMN completion TEXT NOT NULL DEFAULT 'auto' CHECK (completion IN ('auto', 'verified'));

-- What waits to be redeemed: a provider's code or a filled-in form. Gone when it is redeemed, refused or too late.
CREATE TABLE connect_confirmations (
    session_id TEXT   NOT NULL PRIMARY KEY REFERENCES connect_sessions (id) ON DELETE CASCADE,
    code_hash  TEXT   NOT NULL,                 -- SHA-256 of what the browser brings to the application
    secret     TEXT   NOT NULL,                 -- sealed
    expires_at BIGINT NOT NULL
);

ALTER TABLE end_user_tokens ADD COLUMN invited BIGINT NOT NULL DEFAULT 0;
