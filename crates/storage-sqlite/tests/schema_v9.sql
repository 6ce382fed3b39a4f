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
, api_id BLOB NOT NULL DEFAULT x'00000000000000000000000000000000' CHECK (length(api_id) = 16), email TEXT, phone TEXT, description TEXT, permissions TEXT, rate_limit INTEGER NOT NULL DEFAULT 0 CHECK (rate_limit BETWEEN 0 AND 4294967295), updated_at INTEGER NOT NULL DEFAULT 0, concurrent_calls_limit INTEGER NOT NULL DEFAULT 100 CHECK (concurrent_calls_limit BETWEEN 0 AND 4294967295), cps_limit INTEGER NOT NULL DEFAULT 20 CHECK (cps_limit BETWEEN 0 AND 4294967295), event_retention_days INTEGER NOT NULL DEFAULT 30 CHECK (event_retention_days BETWEEN 1 AND 3650), minimum_password_score INTEGER NOT NULL DEFAULT 0 CHECK (minimum_password_score BETWEEN 0 AND 4), never_banned TEXT NOT NULL DEFAULT '') STRICT;
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
    revision            INTEGER NOT NULL, requires_sha256 INTEGER NOT NULL DEFAULT 0 CHECK (requires_sha256 IN (0, 1)), requires_secure_transport INTEGER NOT NULL DEFAULT 0 CHECK (requires_secure_transport IN (0, 1)), allowed_networks TEXT NOT NULL DEFAULT '', previous_ha1_md5 BLOB, previous_ha1_sha256 BLOB, previous_ha1_sha512_256 BLOB, previous_generation INTEGER, overlap_until INTEGER, previous_until INTEGER, expires_at INTEGER, password_score INTEGER CHECK (password_score BETWEEN 0 AND 4), device_secrets INTEGER NOT NULL DEFAULT 0,
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
, hash BLOB) STRICT;
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
CREATE TABLE live_calls (
    id               BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id       INTEGER NOT NULL,
    trunk            BLOB CHECK (length(trunk) = 16),
    credential       BLOB CHECK (length(credential) = 16),
    username         TEXT,
    direction        TEXT NOT NULL,
    from_identity    TEXT NOT NULL,
    to_identity      TEXT NOT NULL,
    caller_call_id   TEXT NOT NULL,
    callee_call_id   TEXT NOT NULL,
    source           TEXT NOT NULL,
    destination      TEXT NOT NULL,
    caller_transport TEXT NOT NULL,
    callee_transport TEXT,
    begun_at         INTEGER NOT NULL,
    ringing_at       INTEGER,
    answered_at      INTEGER,
    octets           BLOB NOT NULL
) STRICT;
CREATE TABLE call_records (
    id               BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id       INTEGER NOT NULL,
    trunk            BLOB CHECK (length(trunk) = 16),
    credential       BLOB CHECK (length(credential) = 16),
    username         TEXT,
    direction        TEXT NOT NULL,
    from_identity    TEXT NOT NULL,
    to_identity      TEXT NOT NULL,
    caller_call_id   TEXT NOT NULL,
    callee_call_id   TEXT NOT NULL,
    source           TEXT NOT NULL,
    destination      TEXT NOT NULL,
    caller_transport TEXT NOT NULL,
    callee_transport TEXT,
    begun_at         INTEGER NOT NULL,
    ringing_at       INTEGER,
    answered_at      INTEGER,
    ended_at         INTEGER NOT NULL,
    hung_up_by       TEXT NOT NULL,
    reason           TEXT NOT NULL,
    sip_status       INTEGER NOT NULL CHECK (sip_status BETWEEN 0 AND 65535),
    q850_cause       INTEGER CHECK (q850_cause BETWEEN 0 AND 255),
    PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_records_of_trunk ON call_records (account_id, trunk, id) WHERE trunk IS NOT NULL;
CREATE INDEX call_records_of_credential ON call_records (account_id, credential, id) WHERE credential IS NOT NULL;
CREATE TABLE webhook_outbox (
    id         BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    url        TEXT NOT NULL,
    body       TEXT NOT NULL,
    at         INTEGER NOT NULL
, method TEXT NOT NULL DEFAULT 'POST', event TEXT NOT NULL DEFAULT 'call.ended') STRICT;
CREATE INDEX webhook_outbox_of_account ON webhook_outbox (account_id);
CREATE TABLE webhooks (
    account_id      INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    url             TEXT,
    events          TEXT NOT NULL,
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    secret          BLOB NOT NULL,
    previous_secret BLOB,
    previous_until  INTEGER,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
) STRICT;
CREATE INDEX credentials_by_previous_until ON credentials (previous_until) WHERE previous_until IS NOT NULL;
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
, device TEXT) STRICT;
CREATE INDEX auth_events_of_account ON auth_events (account_id);
CREATE INDEX auth_events_of_credential ON auth_events (credential) WHERE credential IS NOT NULL;
CREATE INDEX credentials_by_folded_username ON credentials (realm_id, username COLLATE NOCASE);
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
CREATE TRIGGER audit_log_is_not_rewritten BEFORE UPDATE ON audit_log WHEN old.hash IS NOT NULL
BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;
CREATE INDEX audit_log_of_account ON audit_log (account_id);
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
CREATE TABLE provisioning_paths (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL
) STRICT;
