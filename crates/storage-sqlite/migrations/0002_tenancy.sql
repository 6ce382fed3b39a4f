-- Sub-accounts, tokens with a scope and an end, the operator's tokens, and answers to repeated requests.

-- The defaults are for rows of before; every writer names these columns.
ALTER TABLE accounts ADD COLUMN api_id BLOB NOT NULL DEFAULT x'00000000000000000000000000000000' CHECK (length(api_id) = 16);
ALTER TABLE accounts ADD COLUMN email TEXT;
ALTER TABLE accounts ADD COLUMN phone TEXT;
ALTER TABLE accounts ADD COLUMN description TEXT;
ALTER TABLE accounts ADD COLUMN permissions TEXT;
ALTER TABLE accounts ADD COLUMN rate_limit INTEGER NOT NULL DEFAULT 0 CHECK (rate_limit BETWEEN 0 AND 4294967295);
ALTER TABLE accounts ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;

-- A random UUID (RFC 9562 section 5.4), drawn for each row.
UPDATE accounts SET updated_at = created_at, api_id = unhex(
    hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2)
    || substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(8)), 2));

CREATE INDEX accounts_of_parent ON accounts (parent_account);
CREATE INDEX hosts_of_account ON hosts (account_id);

ALTER TABLE api_tokens RENAME TO api_tokens_1;

-- Of a token only its SHA-256 is known.
CREATE TABLE api_tokens (
    no           INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id   INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hash         BLOB NOT NULL CHECK (length(hash) = 32),
    label        TEXT NOT NULL,
    scope        TEXT NOT NULL CHECK (scope IN ('all', 'read_only', 'credentials_only')),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT;

INSERT INTO api_tokens (no, id, account_id, hash, label, scope, created_at)
SELECT id, unhex(
    hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2)
    || substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(8)), 2)), account_id, hash, label, 'all', created_at
FROM api_tokens_1 ORDER BY id;

DROP TABLE api_tokens_1;

CREATE INDEX api_tokens_of_account ON api_tokens (account_id);

CREATE TABLE operator_tokens (
    no           INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    hash         BLOB NOT NULL CHECK (length(hash) = 32),
    label        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT;

-- Sealed, because answers may show a secret that is shown once. Account 0 is the operator; accounts count from 1.
CREATE TABLE remembered_answers (
    account_id INTEGER NOT NULL,
    key        BLOB NOT NULL CHECK (length(key) = 32),
    sealed     BLOB NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) STRICT;

CREATE INDEX remembered_answers_by_time ON remembered_answers (at);
