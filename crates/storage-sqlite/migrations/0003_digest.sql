-- What realms offer besides their policy, what credentials demand, and which algorithms are used.

ALTER TABLE realms ADD COLUMN auth_int INTEGER NOT NULL DEFAULT 0 CHECK (auth_int IN (0, 1));
ALTER TABLE realms ADD COLUMN without_qop INTEGER NOT NULL DEFAULT 0 CHECK (without_qop IN (0, 1));
-- Set: no credential that is written keeps an HA1 under MD5.
ALTER TABLE realms ADD COLUMN md5_retired INTEGER NOT NULL DEFAULT 0 CHECK (md5_retired IN (0, 1));

-- The defaults demand nothing; every writer names these columns.
ALTER TABLE credentials ADD COLUMN requires_sha256 INTEGER NOT NULL DEFAULT 0 CHECK (requires_sha256 IN (0, 1));
ALTER TABLE credentials ADD COLUMN requires_secure_transport INTEGER NOT NULL DEFAULT 0 CHECK (requires_secure_transport IN (0, 1));
-- Networks separated by spaces; empty means all.
ALTER TABLE credentials ADD COLUMN allowed_networks TEXT NOT NULL DEFAULT '';

-- Days since 1970-01-01, UTC.
CREATE TABLE algorithm_uses (
    credential BLOB NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    algorithm  TEXT NOT NULL CHECK (algorithm IN ('MD5', 'SHA-256', 'SHA-512-256')),
    first_day  INTEGER NOT NULL CHECK (first_day BETWEEN 0 AND 65535),
    last_day   INTEGER NOT NULL CHECK (last_day BETWEEN first_day AND 65535),
    user_agent TEXT NOT NULL,
    PRIMARY KEY (credential, algorithm)
) STRICT, WITHOUT ROWID;
