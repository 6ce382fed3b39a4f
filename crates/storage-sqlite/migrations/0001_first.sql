-- Moments are microseconds since 1970-01-01T00:00:00Z. Numbers are never used twice (AUTOINCREMENT).

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: the revision of the last committed change set.
CREATE TABLE counter (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    revision INTEGER NOT NULL CHECK (revision >= 0)
) STRICT;
INSERT INTO counter (only, revision) VALUES (1, 0);

CREATE TABLE realms (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    name             TEXT NOT NULL UNIQUE,
    challenge_policy TEXT NOT NULL CHECK (challenge_policy IN ('compatible', 'sha256', 'rfc8760'))
) STRICT;

CREATE TABLE accounts (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    auth_id          TEXT NOT NULL UNIQUE,
    parent_account   INTEGER REFERENCES accounts (id),
    name             TEXT NOT NULL,
    realm_id         INTEGER NOT NULL REFERENCES realms (id),
    sip_domain       TEXT NOT NULL,
    enabled          INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    -- Kept with every creation and deletion, so that a list's total is never counted.
    credential_count INTEGER NOT NULL DEFAULT 0 CHECK (credential_count >= 0),
    created_at       INTEGER NOT NULL
) STRICT;

-- Of a token only its SHA-256 is known.
CREATE TABLE api_tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    label      TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE hosts (
    host       TEXT PRIMARY KEY,
    realm_id   INTEGER NOT NULL REFERENCES realms (id),
    account_id INTEGER REFERENCES accounts (id)
) STRICT, WITHOUT ROWID;

-- The HA1s are sealed: only the master key, which is not in here, opens them.
CREATE TABLE credentials (
    no                  INTEGER PRIMARY KEY AUTOINCREMENT,
    id                  BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id          INTEGER NOT NULL REFERENCES accounts (id),
    realm_id            INTEGER NOT NULL REFERENCES realms (id),
    username            TEXT NOT NULL CHECK (length(username) > 0),
    enabled             INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    description         TEXT NOT NULL,
    generation          INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 4294967295),
    ha1_md5             BLOB,
    ha1_sha256          BLOB,
    ha1_sha512_256      BLOB,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL,
    revision            INTEGER NOT NULL,
    UNIQUE (realm_id, username)
) STRICT;

-- Every index ends with the row's number, so this one holds each account's credentials in order of creation.
CREATE INDEX credentials_of_account ON credentials (account_id);

CREATE TABLE audit_log (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    revision   INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    account_id INTEGER,
    actor      TEXT NOT NULL,
    source     TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_log_is_not_rewritten BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_is_not_shortened BEFORE DELETE ON audit_log
BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;

CREATE TABLE registrations (
    credential    BLOB NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    binding       INTEGER NOT NULL,
    generation    INTEGER NOT NULL,
    contact       BLOB NOT NULL,
    instance      BLOB NOT NULL,
    reg_id        INTEGER NOT NULL,
    path          BLOB NOT NULL,
    q_thousandths INTEGER NOT NULL CHECK (q_thousandths BETWEEN 0 AND 1000),
    call_id       BLOB NOT NULL,
    cseq          INTEGER NOT NULL,
    user_agent    BLOB NOT NULL,
    transport     TEXT NOT NULL,
    source        TEXT NOT NULL,
    local         TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (credential, binding)
) STRICT, WITHOUT ROWID;

CREATE TABLE boots (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    node       TEXT NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;
