//! The names of all metrics. Scrapers and alerts rely on them: a change is a breaking one, and `docs/operations.md` has
//! the same list; `docs/many-nodes.md` those of a shared database.

use crate::metrics::exposition::{Family, Kind};

const fn counter(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Histogram, help }
}

pub(crate) const BUILD_INFO: Family = gauge("sipwarden_build_info", "Always 1; the label says what is running.");
pub(crate) const READY: Family = gauge("sipwarden_ready", "1 when both planes can serve, else 0.");
pub(crate) const SIP_REQUESTS: Family = counter("sipwarden_sip_requests_total", "SIP requests that could be read.");
pub(crate) const SIP_RESPONSES: Family = counter("sipwarden_sip_responses_total", "SIP responses sent.");
pub(crate) const ATTEMPTS: Family =
    counter("sipwarden_authentication_attempts_total", "Authentication attempts, by what became of them.");
pub(crate) const REMARKS: Family =
    counter("sipwarden_authentication_remarks_total", "Authentication attempts with something worth a look, by what.");
pub(crate) const ALGORITHM_USES_DEFERRED: Family = counter(
    "sipwarden_algorithm_uses_deferred_total",
    "Uses of an algorithm that found no room to wait for storage and were left for the next request.",
);
pub(crate) const CREDENTIAL_USES_DEFERRED: Family = counter(
    "sipwarden_credential_uses_deferred_total",
    "Last uses of credentials that found no room to wait for storage and were left for the next request.",
);
pub(crate) const EVENTS_DROPPED: Family =
    counter("sipwarden_authentication_events_dropped_total", "Authentication events that found no room to be kept.");
pub(crate) const RECORDS_WAITING: Family =
    gauge("sipwarden_authentication_records_waiting", "Records of authentication events that are not stored yet.");
pub(crate) const RECORDS_LOST: Family = counter(
    "sipwarden_authentication_records_lost_total",
    "Records of authentication events that were not stored, and attempts that no record stands for, by why.",
);
pub(crate) const ACCOUNTS: Family = gauge("sipwarden_accounts", "Accounts, disabled ones included.");
pub(crate) const CREDENTIALS: Family = gauge("sipwarden_credentials", "Credentials, disabled ones included.");
pub(crate) const REGISTRATIONS: Family = gauge("sipwarden_registrations", "Contact bindings that have not expired.");
pub(crate) const BACKLOG: Family =
    gauge("sipwarden_registration_backlog", "Registration changes that are not durable yet.");
pub(crate) const SAVE_FAILURES: Family = counter(
    "sipwarden_registration_save_failures_total",
    "Batches of registration changes that storage refused; each is tried again.",
);
pub(crate) const CALLS_UP: Family = gauge("sipwarden_calls_up", "Calls that are up, ringing or ending.");
pub(crate) const CALL_DIALOGS: Family = gauge("sipwarden_call_dialogs", "Dialogs of calls.");
pub(crate) const CALL_CLIENT_TRANSACTIONS: Family = gauge(
    "sipwarden_call_client_transactions",
    "Requests of ours within calls, those included that only absorb repeated responses.",
);
pub(crate) const CALL_INVITE_TRANSACTIONS: Family =
    gauge("sipwarden_call_invite_transactions", "INVITEs of peers, those included that only absorb what is repeated.");
pub(crate) const NEXT_HOPS_DOWN: Family =
    gauge("sipwarden_next_hops_down", "Next hops that count as down; calls try them last.");
pub(crate) const UPSTREAM_REGISTRATIONS: Family =
    gauge("sipwarden_upstream_registrations", "Registrations of ours with carriers, by how they stand.");
pub(crate) const RTPENGINE_UP: Family =
    gauge("sipwarden_rtpengine_up", "Whether an instance answered when it was last asked for a sign of life.");
pub(crate) const RTPENGINE_LEGS: Family =
    gauge("sipwarden_rtpengine_legs", "Legs of calls whose media goes through rtpengine.");
pub(crate) const MEDIA_FAULTS: Family =
    counter("sipwarden_media_faults_total", "Session descriptions that rtpengine did not rewrite, by why.");
pub(crate) const CALL_BACKLOG: Family =
    gauge("sipwarden_call_backlog", "Changes of calls, and call records, that are not durable yet.");
pub(crate) const CALL_SAVE_FAILURES: Family = counter(
    "sipwarden_call_save_failures_total",
    "Batches of changes of calls that storage refused; each is tried again.",
);
pub(crate) const CALL_CHANGES_LOST: Family =
    counter("sipwarden_call_changes_lost_total", "Changes of calls that found no room to wait for storage, by kind.");
pub(crate) const WEBHOOKS_WAITING: Family =
    gauge("sipwarden_webhook_messages_waiting", "Messages to webhooks that are not delivered yet.");
pub(crate) const WEBHOOKS_DELIVERED: Family =
    counter("sipwarden_webhook_messages_delivered_total", "Messages to webhooks that were answered with 2xx.");
pub(crate) const WEBHOOK_ATTEMPTS_FAILED: Family = counter(
    "sipwarden_webhook_attempts_failed_total",
    "Attempts to deliver to a webhook that were answered otherwise, or not at all; each is made again.",
);
pub(crate) const WEBHOOKS_LOST: Family = counter(
    "sipwarden_webhook_messages_lost_total",
    "Messages to webhooks that are told no more: no_room, or given_up after a day or because nobody waits for them.",
);
pub(crate) const ANSWERS_WITHHELD: Family = counter(
    "sipwarden_sip_answers_withheld_total",
    "Datagrams whose answer was too long for a sender that may have forged its address.",
);
pub(crate) const SHED: Family = counter(
    "sipwarden_sip_datagrams_shed_total",
    "Datagrams turned away because more came than were handled and others went first.",
);
pub(crate) const BEYOND_RATE: Family =
    counter("sipwarden_sip_beyond_source_rate_total", "SIP messages dropped because their source had sent its share.");
pub(crate) const THROTTLE_BANS: Family =
    counter("sipwarden_throttle_bans_total", "Bans for wrong passwords, by what was banned.");
pub(crate) const THROTTLE_DISPLACED: Family =
    counter("sipwarden_throttle_displaced_total", "Scores, bans and successes that gave way to others too early.");
pub(crate) const SIP_CONNECTIONS: Family = gauge("sipwarden_sip_connections", "Open SIP connections.");
pub(crate) const SIP_CONNECTIONS_OPENED: Family =
    counter("sipwarden_sip_connections_opened_total", "SIP connections that were opened.");
pub(crate) const SIP_CONNECTIONS_REFUSED: Family =
    counter("sipwarden_sip_connections_refused_total", "SIP connections closed at once for want of room.");
pub(crate) const SIP_CONNECTIONS_DISPLACED: Family = counter(
    "sipwarden_sip_connections_displaced_total",
    "SIP connections closed to make room for others, before anybody had proven who they are over them.",
);
pub(crate) const SIP_HANDSHAKES_FAILED: Family = counter(
    "sipwarden_sip_handshakes_failed_total",
    "SIP connections closed because what comes before SIP was not completed.",
);
pub(crate) const HTTP_REQUESTS: Family = counter("sipwarden_http_requests_total", "HTTP requests answered.");
pub(crate) const HTTP_DURATION: Family =
    histogram("sipwarden_http_request_duration_seconds", "Time from a request's headers to its answer.");
pub(crate) const COMMITS: Family =
    counter("sipwarden_storage_commits_total", "Change sets and batches handed to storage, by outcome.");
pub(crate) const COMMIT_DURATION: Family =
    histogram("sipwarden_storage_commit_duration_seconds", "Time from queueing a change set to its being durable.");
pub(crate) const TRANSACTIONS: Family =
    counter("sipwarden_storage_transactions_total", "Database transactions made durable.");
pub(crate) const TRANSACTION_SETS: Family =
    histogram("sipwarden_storage_transaction_sets", "Change sets that shared one transaction.");
pub(crate) const START_TIME: Family =
    gauge("process_start_time_seconds", "When the process began to serve, in seconds since 1970.");
pub(crate) const RESIDENT_MEMORY: Family = gauge("process_resident_memory_bytes", "Resident memory.");
pub(crate) const OPEN_FDS: Family = gauge("process_open_fds", "Open file descriptors.");
pub(crate) const MAX_FDS: Family = gauge("process_max_fds", "Most file descriptors that may be open.");
pub(crate) const LEASE_REMAINING: Family = gauge(
    "sipwarden_lease_remaining_seconds",
    "How long this node may answer without hearing from the database it shares; 0 when it refuses.",
);
pub(crate) const LEASE_RENEWALS: Family =
    counter("sipwarden_lease_renewals_total", "How often this node has renewed its lease.");
