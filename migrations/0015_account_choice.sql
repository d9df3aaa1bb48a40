-- Which of several accounts a consent is used for, asked on a page of ours between the code exchange and the connection.
CREATE TABLE connect_choices (
    session_id TEXT   NOT NULL PRIMARY KEY REFERENCES connect_sessions (id) ON DELETE CASCADE,
    browser    TEXT   NOT NULL,                 -- SHA-256 of the nonce of the browser that came back
    secret     TEXT   NOT NULL,                 -- sealed: the tokens, and the accounts that may be chosen
    expires_at BIGINT NOT NULL
);
CREATE INDEX connect_choices_by_expiry ON connect_choices (expires_at);

-- "Use a different account" was pressed: then the one chosen before is not kept unasked.
ALTER TABLE connect_sessions ADD COLUMN is_reopened BIGINT NOT NULL DEFAULT 0;
