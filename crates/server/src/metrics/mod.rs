//! The operator's metrics: counted where things happen, read when somebody scrapes.
//!
//! The signalling path counts on its own lanes (`sip_edge::Counters`, `event_log::EventLog`). What happens over HTTP
//! and in storage is counted here, by [`crate::watch::Watch`].

mod distribution;
mod exposition;
mod families;
mod http_requests;
mod process;
mod storage_writes;

pub(crate) use http_requests::{HttpRequests, method_label};
pub(crate) use storage_writes::StorageWrites;

use crate::media::MediaProxy;
use crate::watch::Watch;
use call_journal::JournalStatistics;
use directory::{Directory, SaveStatistics};
use domain::{Clock, Timestamp};
use event_log::EventLog;
use exposition::{Family, Page};
use http_api::{Exposition, ExpositionFormat, Readiness};
use sip_edge::Calls;
use sip_transport::{Flows, TransportCounts};
use std::fmt::Display;
use std::sync::{Arc, Weak};
use storage_postgres::NodeLease;
use webhooks::WebhookStatistics;

/// The label of all that has no label of its own.
const OTHER: &str = "other";

/// Where the values are when somebody asks. Holding it keeps neither the edge nor the writing task alive.
pub(crate) struct Metrics {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started_at: Timestamp,
    pub(crate) readiness: Arc<dyn Readiness>,
    pub(crate) handled: sip_edge::Counters,
    pub(crate) events: Arc<EventLog>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) saves: Arc<SaveStatistics>,
    pub(crate) calls: Arc<JournalStatistics>,
    pub(crate) calls_up: Weak<Calls>,
    /// None where no rtpengine is configured.
    pub(crate) media: Option<Arc<MediaProxy>>,
    pub(crate) flows: Arc<Flows>,
    pub(crate) webhooks: Arc<WebhookStatistics>,
    /// None where this node shares its database with no other.
    pub(crate) lease: Option<Arc<NodeLease>>,
    pub(crate) watch: Arc<Watch>,
}

impl Exposition for Metrics {
    fn expose(&self, format: ExpositionFormat) -> String {
        let mut page = Page::new(format);
        page.family(&families::BUILD_INFO).value(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        plain(&mut page, &families::READY, u8::from(self.readiness.problem().is_none()));
        self.signalling(&mut page);
        self.registrations(&mut page);
        self.calls(&mut page);
        self.webhooks(&mut page);
        self.http(&mut page);
        self.storage(&mut page);
        self.process(&mut page);
        page.finish()
    }
}

fn bridged_media(page: &mut Page, media: &MediaProxy) {
    let mut up = page.family(&families::RTPENGINE_UP);
    for (instance, is_alive) in media.signs_of_life() {
        up.value(&[("instance", &instance.to_string())], u8::from(is_alive));
    }
    plain(page, &families::RTPENGINE_LEGS, media.legs());
    let mut faults = page.family(&families::MEDIA_FAULTS);
    for (reason, count) in media.faults() {
        faults.value(&[("reason", reason)], count);
    }
}

fn plain(page: &mut Page, family: &Family, value: impl Display) {
    page.family(family).value(&[], value);
}

impl Metrics {
    fn signalling(&self, page: &mut Page) {
        let handled = self.handled.totals();
        let mut requests = page.family(&families::SIP_REQUESTS);
        for kind in handled.requests {
            let labels = [("method", kind.method.unwrap_or(OTHER)), ("transport", kind.transport.as_str())];
            requests.value(&labels, kind.count);
        }
        let mut responses = page.family(&families::SIP_RESPONSES);
        for kind in handled.responses {
            let code = kind.code.map_or_else(|| OTHER.to_owned(), |code| code.to_string());
            responses.value(&[("code", &code)], kind.count);
        }
        let mut attempts = page.family(&families::ATTEMPTS);
        for (reason, count) in self.events.attempts() {
            attempts.value(&[("reason", reason.as_str())], count);
        }
        let mut remarks = page.family(&families::REMARKS);
        for (remark, count) in self.events.remarks() {
            remarks.value(&[("remark", remark.as_str())], count);
        }
        plain(page, &families::EVENTS_DROPPED, self.events.dropped());
        if let Some(keeping) = self.events.keeping_statistics() {
            plain(page, &families::RECORDS_WAITING, keeping.pending());
            let mut lost = page.family(&families::RECORDS_LOST);
            for (reason, count) in [("no_room", keeping.dropped()), ("too_many", keeping.unkept())] {
                lost.value(&[("reason", reason)], count);
            }
        }
        plain(page, &families::ANSWERS_WITHHELD, handled.withheld);
        plain(page, &families::SHED, handled.shed);
        plain(page, &families::BEYOND_RATE, handled.beyond_rate);
        let throttle = handled.throttle;
        let mut bans = page.family(&families::THROTTLE_BANS);
        for (kind, count) in
            [("pair", throttle.pairs), ("source", throttle.sources), ("credential", throttle.credentials)]
        {
            bans.value(&[("of", kind)], count);
        }
        plain(page, &families::THROTTLE_DISPLACED, throttle.displaced);
        self.connections(page);
    }

    fn connections(&self, page: &mut Page) {
        let counts = self.flows.connection_counts();
        let mut family = |family, value: fn(TransportCounts) -> u64| {
            let mut samples = page.family(family);
            for (transport, counts) in counts.iter() {
                samples.value(&[("transport", transport.as_str())], value(counts));
            }
        };
        family(&families::SIP_CONNECTIONS, |counts| counts.open);
        family(&families::SIP_CONNECTIONS_OPENED, |counts| counts.opened);
        family(&families::SIP_CONNECTIONS_REFUSED, |counts| counts.refused);
        family(&families::SIP_CONNECTIONS_DISPLACED, |counts| counts.gave_way);
        family(&families::SIP_HANDSHAKES_FAILED, |counts| counts.failed_handshakes);
    }

    fn registrations(&self, page: &mut Page) {
        let occupancy = self.directory.occupancy(self.clock.now());
        plain(page, &families::ACCOUNTS, occupancy.accounts);
        plain(page, &families::CREDENTIALS, occupancy.credentials);
        plain(page, &families::REGISTRATIONS, occupancy.registrations);
        plain(page, &families::BACKLOG, occupancy.unsaved + self.saves.under_way());
        plain(page, &families::ALGORITHM_USES_DEFERRED, self.directory.deferred_algorithm_uses());
        plain(page, &families::CREDENTIAL_USES_DEFERRED, self.directory.deferred_credential_uses());
        plain(page, &families::SAVE_FAILURES, self.saves.failures());
    }

    fn calls(&self, page: &mut Page) {
        let calls = self.calls_up.upgrade();
        let under_way = calls.as_ref().map(|calls| calls.under_way()).unwrap_or_default();
        plain(page, &families::NEXT_HOPS_DOWN, calls.as_ref().map_or(0, |calls| calls.next_hops_down()));
        let mut upstream = page.family(&families::UPSTREAM_REGISTRATIONS);
        for (state, count) in calls.iter().flat_map(|calls| calls.registrations_with_carriers()) {
            upstream.value(&[("state", state.as_str())], count);
        }
        plain(page, &families::CALLS_UP, under_way.calls);
        plain(page, &families::CALL_DIALOGS, under_way.dialogs);
        plain(page, &families::CALL_CLIENT_TRANSACTIONS, under_way.client_transactions);
        plain(page, &families::CALL_INVITE_TRANSACTIONS, under_way.invite_transactions);
        plain(page, &families::CALL_BACKLOG, self.calls.pending());
        plain(page, &families::CALL_SAVE_FAILURES, self.calls.failed_writes());
        let mut lost = page.family(&families::CALL_CHANGES_LOST);
        for (kind, count) in [("record", self.calls.dropped_records()), ("state", self.calls.dropped_changes())] {
            lost.value(&[("kind", kind)], count);
        }
        if let Some(media) = &self.media {
            bridged_media(page, media);
        }
    }

    fn webhooks(&self, page: &mut Page) {
        plain(page, &families::WEBHOOKS_WAITING, self.webhooks.waiting());
        plain(page, &families::WEBHOOKS_DELIVERED, self.webhooks.delivered());
        plain(page, &families::WEBHOOK_ATTEMPTS_FAILED, self.webhooks.failed_attempts());
        let mut lost = page.family(&families::WEBHOOKS_LOST);
        for (reason, count) in [("no_room", self.webhooks.dropped()), ("given_up", self.webhooks.given_up())] {
            lost.value(&[("reason", reason)], count);
        }
    }

    fn http(&self, page: &mut Page) {
        let routes = self.watch.http().by_route();
        let mut requests = page.family(&families::HTTP_REQUESTS);
        for (route, counts) in &routes {
            for ((method, status), count) in &counts.answers {
                requests.value(&[("route", route), ("method", method), ("status", &status.to_string())], count);
            }
        }
        let mut durations = page.family(&families::HTTP_DURATION);
        for (route, counts) in &routes {
            durations.distribution(&[("route", route)], &counts.durations);
        }
    }

    fn storage(&self, page: &mut Page) {
        let writes = self.watch.writes().counts();
        let mut commits = page.family(&families::COMMITS);
        for (outcome, count) in writes.outcomes() {
            commits.value(&[("outcome", outcome.as_str())], count);
        }
        page.family(&families::COMMIT_DURATION).distribution(&[], &writes.durations);
        plain(page, &families::TRANSACTIONS, writes.transactions);
        page.family(&families::TRANSACTION_SETS).distribution(&[], &writes.sets);
        if let Some(lease) = &self.lease {
            plain(page, &families::LEASE_REMAINING, lease.remaining().as_secs_f64());
            plain(page, &families::LEASE_RENEWALS, lease.renewals());
        }
    }

    fn process(&self, page: &mut Page) {
        plain(page, &families::START_TIME, self.started_at.as_unix_seconds());
        if let Some(octets) = process::resident_memory_bytes() {
            plain(page, &families::RESIDENT_MEMORY, octets);
        }
        if let Some(open) = process::open_fds() {
            plain(page, &families::OPEN_FDS, open);
        }
        if let Some(most) = process::max_fds() {
            plain(page, &families::MAX_FDS, most);
        }
    }
}
