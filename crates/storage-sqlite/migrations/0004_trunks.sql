-- Trunks and what belongs to them: access lists, next hops, numbers; how many calls accounts may have.

ALTER TABLE accounts ADD COLUMN concurrent_calls_limit INTEGER NOT NULL DEFAULT 100 CHECK (concurrent_calls_limit BETWEEN 0 AND 4294967295);
ALTER TABLE accounts ADD COLUMN cps_limit INTEGER NOT NULL DEFAULT 20 CHECK (cps_limit BETWEEN 0 AND 4294967295);

CREATE TABLE ip_acls (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id  INTEGER NOT NULL REFERENCES accounts (id),
    network     TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    revision    INTEGER NOT NULL
) STRICT;

CREATE INDEX ip_acls_of_account ON ip_acls (account_id);

-- The secret's password is sealed: only the master key, which is not in here, opens it.
CREATE TABLE origination_uris (
    no                       INTEGER PRIMARY KEY AUTOINCREMENT,
    id                       BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id               INTEGER NOT NULL REFERENCES accounts (id),
    uri                      TEXT NOT NULL,
    priority                 INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 65535),
    weight                   INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 65535),
    enabled                  INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    transport                TEXT NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls')),
    description              TEXT NOT NULL,
    secret_username          TEXT,
    secret_password          BLOB CHECK ((secret_password IS NULL) = (secret_username IS NULL)),
    registration_expires_s   INTEGER CHECK (registration_expires_s IS NULL OR secret_username IS NOT NULL),
    created_at               INTEGER NOT NULL,
    updated_at               INTEGER NOT NULL,
    revision                 INTEGER NOT NULL
) STRICT;

CREATE INDEX origination_uris_of_account ON origination_uris (account_id);

-- Lists of digits and of header names are separated by spaces.
CREATE TABLE trunks (
    no                     INTEGER PRIMARY KEY AUTOINCREMENT,
    id                     BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id             INTEGER NOT NULL REFERENCES accounts (id),
    name                   TEXT NOT NULL,
    host                   TEXT NOT NULL UNIQUE,
    status                 TEXT NOT NULL CHECK (status IN ('active', 'inactive', 'enabled', 'disabled')),
    direction              TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound', 'both')),
    secure                 INTEGER NOT NULL CHECK (secure IN (0, 1)),
    transport              TEXT NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls')),
    concurrent_calls_limit INTEGER NOT NULL CHECK (concurrent_calls_limit BETWEEN 0 AND 4294967295),
    cps_limit              INTEGER NOT NULL CHECK (cps_limit BETWEEN 0 AND 4294967295),
    inbound_username       TEXT,
    inbound_uri            TEXT CHECK (inbound_uri IS NULL OR inbound_username IS NULL),
    description            TEXT NOT NULL,
    recording              INTEGER NOT NULL CHECK (recording IN (0, 1)),
    transcription          INTEGER NOT NULL CHECK (transcription IN (0, 1)),
    pii_redaction          INTEGER NOT NULL CHECK (pii_redaction IN (0, 1)),
    pii_entity_types       TEXT,
    recording_webhook      INTEGER NOT NULL CHECK (recording_webhook IN (0, 1)),
    webhook_url            TEXT,
    webhook_method         TEXT NOT NULL CHECK (webhook_method IN ('POST', 'GET')),
    caller_identity        TEXT NOT NULL CHECK (caller_identity IN ('allow', 'replace', 'reject')),
    home_country_code      TEXT,
    allowed_prefixes       TEXT NOT NULL,
    refused_prefixes       TEXT NOT NULL,
    international          INTEGER NOT NULL CHECK (international IN (0, 1)),
    tech_prefix            TEXT,
    minutes_per_day        INTEGER CHECK (minutes_per_day BETWEEN 0 AND 4294967295),
    emergency_numbers      TEXT NOT NULL,
    refer                  TEXT NOT NULL CHECK (refer IN ('refuse', 'pass')),
    require_srtp           INTEGER NOT NULL CHECK (require_srtp IN (0, 1)),
    passed_headers         TEXT NOT NULL,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    revision               INTEGER NOT NULL
) STRICT;

CREATE INDEX trunks_of_account ON trunks (account_id);

-- What a trunk refers to, in the order of each role's list.
CREATE TABLE trunk_attachments (
    trunk           BLOB NOT NULL REFERENCES trunks (id) ON DELETE CASCADE,
    role            TEXT NOT NULL CHECK (role IN ('credential', 'ip_acl', 'primary', 'fallback', 'origination_uri', 'emergency')),
    position        INTEGER NOT NULL,
    credential      BLOB REFERENCES credentials (id) ON DELETE CASCADE,
    ip_acl          BLOB REFERENCES ip_acls (id) ON DELETE CASCADE,
    origination_uri BLOB REFERENCES origination_uris (id) ON DELETE CASCADE,
    PRIMARY KEY (trunk, role, position),
    CHECK ((credential IS NOT NULL) + (ip_acl IS NOT NULL) + (origination_uri IS NOT NULL) = 1)
) STRICT, WITHOUT ROWID;

CREATE INDEX attachments_of_credential ON trunk_attachments (credential) WHERE credential IS NOT NULL;
CREATE INDEX attachments_of_ip_acl ON trunk_attachments (ip_acl) WHERE ip_acl IS NOT NULL;
CREATE INDEX attachments_of_origination_uri ON trunk_attachments (origination_uri) WHERE origination_uri IS NOT NULL;

CREATE TABLE numbers (
    no               INTEGER PRIMARY KEY AUTOINCREMENT,
    e164             TEXT NOT NULL UNIQUE,
    account_id       INTEGER NOT NULL REFERENCES accounts (id),
    trunk            BLOB REFERENCES trunks (id),
    target_username  TEXT,
    target_uri       BLOB REFERENCES origination_uris (id) CHECK (target_uri IS NULL OR target_username IS NULL),
    called_number_in TEXT NOT NULL CHECK (called_number_in IN ('request_uri', 'to')),
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    revision         INTEGER NOT NULL
) STRICT;

CREATE INDEX numbers_of_account ON numbers (account_id);
CREATE INDEX numbers_of_trunk ON numbers (trunk) WHERE trunk IS NOT NULL;
CREATE INDEX numbers_of_origination_uri ON numbers (target_uri) WHERE target_uri IS NOT NULL;
