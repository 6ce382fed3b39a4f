-- Where accounts are told what happens; at most one for each.
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

-- Messages of before could only have been of calls that ended.
ALTER TABLE webhook_outbox ADD COLUMN method TEXT NOT NULL DEFAULT 'POST';
ALTER TABLE webhook_outbox ADD COLUMN event TEXT NOT NULL DEFAULT 'call.ended';
