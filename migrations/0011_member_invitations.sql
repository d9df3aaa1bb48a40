
-- One-time links that let a colleague choose a password and sign in. Only the hash of the link's token is kept.
CREATE TABLE member_invitations (
    token_hash TEXT   NOT NULL PRIMARY KEY,
    email      TEXT   NOT NULL UNIQUE,             -- lower case; a second invitation takes the first one's place
    role       TEXT   NOT NULL CHECK (role IN ('owner', 'admin', 'viewer')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
