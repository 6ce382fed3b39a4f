-- What an account decides about its own credentials and events.
ALTER TABLE accounts ADD COLUMN event_retention_days INTEGER NOT NULL DEFAULT 30 CHECK (event_retention_days BETWEEN 1 AND 3650);
ALTER TABLE accounts ADD COLUMN minimum_password_score INTEGER NOT NULL DEFAULT 0 CHECK (minimum_password_score BETWEEN 0 AND 4);

-- The password before the present one: it authenticates until `overlap_until`, if that is set, and is kept until
-- `previous_until` so that its use can be named.
ALTER TABLE credentials ADD COLUMN previous_ha1_md5 BLOB;
ALTER TABLE credentials ADD COLUMN previous_ha1_sha256 BLOB;
ALTER TABLE credentials ADD COLUMN previous_ha1_sha512_256 BLOB;
ALTER TABLE credentials ADD COLUMN previous_generation INTEGER;
ALTER TABLE credentials ADD COLUMN overlap_until INTEGER;
ALTER TABLE credentials ADD COLUMN previous_until INTEGER;
CREATE INDEX credentials_by_previous_until ON credentials (previous_until) WHERE previous_until IS NOT NULL;
-- From then on nothing authenticates with it.
ALTER TABLE credentials ADD COLUMN expires_at INTEGER;
-- 0 to 4, as zxcvbn counts; unknown where no password was ever seen.
ALTER TABLE credentials ADD COLUMN password_score INTEGER CHECK (password_score BETWEEN 0 AND 4);

-- The last time each credential was used, written behind.
CREATE TABLE credential_uses (
    credential BLOB PRIMARY KEY REFERENCES credentials (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    source     TEXT NOT NULL,
    transport  TEXT NOT NULL,
    method     TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    algorithm  TEXT NOT NULL,
    generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What became of attempts to authenticate. Those of no account are the operator's. No reference to accounts: those of
-- one that is gone are deleted in steps.
CREATE TABLE auth_events (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    account_id    INTEGER,
    credential    BLOB,
    reason        TEXT NOT NULL,
    remark        TEXT,
    near_miss     TEXT,
    claimed_realm TEXT,
    source        TEXT NOT NULL,
    transport     TEXT NOT NULL,
    method        TEXT NOT NULL,
    username      TEXT NOT NULL,
    host          TEXT NOT NULL,
    user_agent    TEXT NOT NULL,
    call_id       TEXT NOT NULL,
    algorithm     TEXT,
    -- How many attempts alike it stands for, and when the last of them was.
    attempts      INTEGER NOT NULL CHECK (attempts > 0),
    last_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX auth_events_of_account ON auth_events (account_id);
CREATE INDEX auth_events_of_credential ON auth_events (credential) WHERE credential IS NOT NULL;
-- Finds the username that somebody wrote in another letter case.
CREATE INDEX credentials_by_folded_username ON credentials (realm_id, username COLLATE NOCASE);

-- Who is not verified for now, and until when.
CREATE TABLE bans (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind       TEXT NOT NULL CHECK (kind IN ('pair', 'source', 'username')),
    account_id INTEGER,
    realm_id   INTEGER,
    credential BLOB,
    generation INTEGER NOT NULL,
    username   TEXT,
    network    TEXT,
    failures   INTEGER NOT NULL,
    began_at   INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX bans_by_end ON bans (ends_at);

-- Each record's hash covers it and the hash of the one before; what is there already is hashed by the migration.
ALTER TABLE audit_log ADD COLUMN hash BLOB;
DROP TRIGGER audit_log_is_not_rewritten;
CREATE TRIGGER audit_log_is_not_rewritten BEFORE UPDATE ON audit_log WHEN old.hash IS NOT NULL
BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;
CREATE INDEX audit_log_of_account ON audit_log (account_id);
