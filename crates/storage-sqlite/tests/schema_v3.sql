CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE counter (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    revision INTEGER NOT NULL CHECK (revision >= 0)
) STRICT;
CREATE TABLE realms (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    name             TEXT NOT NULL UNIQUE,
    challenge_policy TEXT NOT NULL CHECK (challenge_policy IN ('compatible', 'sha256', 'rfc8760'))
, auth_int INTEGER NOT NULL DEFAULT 0 CHECK (auth_int IN (0, 1)), without_qop INTEGER NOT NULL DEFAULT 0 CHECK (without_qop IN (0, 1)), md5_retired INTEGER NOT NULL DEFAULT 0 CHECK (md5_retired IN (0, 1))) STRICT;
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
, api_id BLOB NOT NULL DEFAULT x'00000000000000000000000000000000' CHECK (length(api_id) = 16), email TEXT, phone TEXT, description TEXT, permissions TEXT, rate_limit INTEGER NOT NULL DEFAULT 0 CHECK (rate_limit BETWEEN 0 AND 4294967295), updated_at INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE hosts (
    host       TEXT PRIMARY KEY,
    realm_id   INTEGER NOT NULL REFERENCES realms (id),
    account_id INTEGER REFERENCES accounts (id)
) STRICT, WITHOUT ROWID;
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
    revision            INTEGER NOT NULL, requires_sha256 INTEGER NOT NULL DEFAULT 0 CHECK (requires_sha256 IN (0, 1)), requires_secure_transport INTEGER NOT NULL DEFAULT 0 CHECK (requires_secure_transport IN (0, 1)), allowed_networks TEXT NOT NULL DEFAULT '',
    UNIQUE (realm_id, username)
) STRICT;
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
CREATE INDEX accounts_of_parent ON accounts (parent_account);
CREATE INDEX hosts_of_account ON hosts (account_id);
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
CREATE TABLE remembered_answers (
    account_id INTEGER NOT NULL,
    key        BLOB NOT NULL CHECK (length(key) = 32),
    sealed     BLOB NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) STRICT;
CREATE INDEX remembered_answers_by_time ON remembered_answers (at);
CREATE TABLE algorithm_uses (
    credential BLOB NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    algorithm  TEXT NOT NULL CHECK (algorithm IN ('MD5', 'SHA-256', 'SHA-512-256')),
    first_day  INTEGER NOT NULL CHECK (first_day BETWEEN 0 AND 65535),
    last_day   INTEGER NOT NULL CHECK (last_day BETWEEN first_day AND 65535),
    user_agent TEXT NOT NULL,
    PRIMARY KEY (credential, algorithm)
) STRICT, WITHOUT ROWID;
