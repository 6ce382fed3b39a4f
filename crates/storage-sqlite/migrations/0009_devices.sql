-- How many secrets of devices a credential has numbered so far; a number is never used twice.
ALTER TABLE credentials ADD COLUMN device_secrets INTEGER NOT NULL DEFAULT 0;

-- Phones and apps with a secret of their own, those that were revoked too until they need not be named any more.
CREATE TABLE devices (
    id             BLOB PRIMARY KEY CHECK (length(id) = 16),
    credential     BLOB NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    account_id     INTEGER NOT NULL,
    label          TEXT NOT NULL,
    -- Among a credential's secrets what a generation is among its passwords.
    secret         INTEGER NOT NULL CHECK (secret >= 1073741824),
    -- Of a desk phone, whose secret is derived.
    mac            TEXT CHECK (length(mac) = 12),
    format         TEXT,
    ha1_md5        BLOB,
    ha1_sha256     BLOB,
    ha1_sha512_256 BLOB,
    created_at     INTEGER NOT NULL,
    revoked_at     INTEGER,
    kept_until     INTEGER,
    UNIQUE (credential, secret),
    CHECK ((mac IS NULL) = (format IS NULL)),
    CHECK ((revoked_at IS NULL) = (kept_until IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX devices_by_mac ON devices (account_id, mac) WHERE mac IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX devices_by_kept_until ON devices (kept_until) WHERE kept_until IS NOT NULL;

-- The last time each device was used, written behind.
CREATE TABLE device_uses (
    credential BLOB NOT NULL,
    generation INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    source     TEXT NOT NULL,
    transport  TEXT NOT NULL,
    method     TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    algorithm  TEXT NOT NULL,
    PRIMARY KEY (credential, generation),
    FOREIGN KEY (credential, generation) REFERENCES devices (credential, secret) ON DELETE CASCADE ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

-- Links that make a device, once; of their tokens the SHA-256.
CREATE TABLE provisioning_links (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    account_id INTEGER NOT NULL,
    credential BLOB NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    label      TEXT NOT NULL,
    format     TEXT,
    stage      TEXT NOT NULL CHECK (stage IN ('offered', 'opened')),
    token      BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX provisioning_links_of_account ON provisioning_links (account_id, expires_at);
CREATE INDEX provisioning_links_of_credential ON provisioning_links (credential);
CREATE INDEX provisioning_links_by_end ON provisioning_links (expires_at);

-- How often the address from which an account's desk phones fetch their configuration was replaced.
CREATE TABLE provisioning_paths (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL
) STRICT;

-- What the device is called whose secret was given.
ALTER TABLE auth_events ADD COLUMN device TEXT;
