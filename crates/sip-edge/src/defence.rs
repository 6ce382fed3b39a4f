//! What the operator may set against strangers, and the answers that a stranger's address is spared.

use crate::edge::Edge;
use crate::incoming::Incoming;
use crate::throttle::{Admission, Claimant, ThrottlePolicy};
use domain::Networks;
use sip_digest::NonceStanding;
use sip_message::{Method, Request};
use sip_transport::{Outbox, Received};
use std::sync::atomic::Ordering;

/// What the operator may set against strangers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defence {
    /// Most octets answered over UDP for each octet that came, to a source that has not proven itself; zero for no
    /// limit.
    pub amplification_limit: u32,
    /// When guesses are no longer verified.
    pub throttle: ThrottlePolicy,
    /// Requests a second from one source, an IPv4 address or an IPv6 /64; zero for no limit.
    pub source_rate: u32,
    /// Sources whose wrong answers count towards no ban, and that no ban keeps out. An account has more of its own.
    pub never_banned: Networks,
}

impl Default for Defence {
    fn default() -> Self {
        Self {
            amplification_limit: 3,
            throttle: ThrottlePolicy::default(),
            source_rate: 0,
            never_banned: Networks::default(),
        }
    }
}

impl Edge {
    /// Whether a claim is verified at all. A datagram that brings its nonce back proves its source; not one past its
    /// lifetime: its address may have been another's since.
    pub(crate) fn admission(
        &self,
        incoming: &Incoming<'_>,
        nonce: &NonceStanding,
        claimant: &Claimant<'_>,
    ) -> Admission {
        let is_young = matches!(nonce, NonceStanding::Current(_) | NonceStanding::OtherBoot(_));
        if is_young && incoming.flow.transport.is_datagram() {
            self.proven.note(incoming.flow.remote, incoming.now);
        }
        match self.throttle.admission(claimant, incoming.now.as_unix_millis()) {
            Admission::Banned if self.is_never_banned(claimant) => Admission::Verified,
            admission => admission,
        }
    }

    /// Counts a wrong answer against whom it came from.
    pub(crate) fn note_failure(&self, claimant: &Claimant<'_>, incoming: &Incoming<'_>) {
        if !self.is_never_banned(claimant) {
            self.throttle.failed(claimant, incoming.now.as_unix_millis());
        }
    }

    fn is_never_banned(&self, claimant: &Claimant<'_>) -> bool {
        let source = claimant.source.ip();
        let by_account = |account| self.parts.directory.realms().is_never_banned(account, source);
        self.parts.config.defence.never_banned.contain(source) || claimant.account.is_some_and(by_account)
    }

    /// Whether a message is within the rate of its source; one that is not is counted.
    pub(crate) fn is_within_rate(&self, received: &Received<'_>) -> bool {
        if self.parts.config.defence.source_rate == 0 {
            return true;
        }
        let now = self.parts.clock.now().as_micros().max(0).unsigned_abs();
        let is_within = self.source_rate.permits(received.flow.remote.ip(), now);
        if let Some(lane) = self.lane(received.lane).filter(|_| !is_within) {
            lane.handled.beyond_rate.fetch_add(1, Ordering::Relaxed);
        }
        is_within
    }

    /// Takes back the answers to a datagram, those from `first_answer` on, where they are longer than a source that has
    /// not proven itself gets: whoever forges a victim's address must not gain by it.
    pub(crate) fn withhold(&self, received: &Received<'_>, first_answer: usize, outbox: &mut Outbox) {
        let limit = self.parts.config.defence.amplification_limit as usize;
        if limit == 0 || !received.flow.transport.is_datagram() {
            return;
        }
        let answers = outbox.messages().get(first_answer..).unwrap_or_default();
        let octets: usize = answers.iter().map(|message| message.range.len()).sum();
        if octets <= received.octets.len().saturating_mul(limit) {
            return;
        }
        if self.proven.is_proven(received.flow.remote, self.parts.clock.now()) {
            return;
        }
        outbox.take_back(first_answer);
        if let Some(lane) = self.lane(received.lane) {
            lane.handled.withheld.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes back the answers to a REGISTER if the lease has run out meanwhile: this process was frozen, and what it knew may
    /// have been revoked. The phone asks again.
    pub(crate) fn withhold_without_lease(&self, request: &Request<'_>, first_answer: usize, outbox: &mut Outbox) {
        if request.method() != Method::Register || self.parts.lease.is_in_force() {
            return;
        }
        let mut answers = outbox.messages().get(first_answer..).unwrap_or_default().iter();
        if !answers.all(|answer| outbox.octets_of(answer).starts_with(b"SIP/2.0 503 ")) {
            outbox.take_back(first_answer);
        }
    }
}
