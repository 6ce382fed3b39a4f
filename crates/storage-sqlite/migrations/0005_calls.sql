-- What calls leave behind. Trunks and credentials are named, not referred to: a record outlives both.

-- Confirmed calls, for a restart.
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

-- One for each call, in each account's order of beginning. An account's records are deleted after it, in small steps,
-- and its number is never used again: so they do not refer to it.
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

-- What webhooks are still to be told. Signed anew at each attempt, so no secret is in here.
CREATE TABLE webhook_outbox (
    id         BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    url        TEXT NOT NULL,
    body       TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT;

CREATE INDEX webhook_outbox_of_account ON webhook_outbox (account_id);
